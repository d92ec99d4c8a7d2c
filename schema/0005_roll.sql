-- The rolls of the site. What a roll says is in its folder, NAME-VERSION in `rolls` beside this
-- file; here is which of them count, and how to tell that a folder was changed.
CREATE TABLE roll (
  name     TEXT NOT NULL CHECK (name GLOB '[a-z]*' AND name NOT GLOB '*[^a-z0-9-]*'),
  version  TEXT NOT NULL CHECK (version GLOB '[0-9]*' AND version NOT GLOB '*[^A-Za-z0-9.+~]*'),
  arch     TEXT NOT NULL,                        -- as `uname -m` says it, or "any"
  enabled  INTEGER NOT NULL DEFAULT 0 CHECK (enabled IN (0, 1)),
  checksum TEXT NOT NULL CHECK (length(checksum) = 64 AND checksum NOT GLOB '*[^0-9a-f]*'),  -- SHA-256 of the folder
  PRIMARY KEY (name, version)
) STRICT;

CREATE UNIQUE INDEX roll_enabled_once ON roll (name) WHERE enabled = 1;
