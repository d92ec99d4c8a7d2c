-- The gpupci of a host, as the host told it.
CREATE TABLE host_agent (
  host     TEXT NOT NULL PRIMARY KEY REFERENCES host (name) ON DELETE CASCADE ON UPDATE CASCADE,
  version  TEXT CHECK (version <> ''),  -- NULL: it has none
  seen     TEXT NOT NULL,               -- "2026-11-21T01:20:00Z"
  path     TEXT NOT NULL CHECK (path GLOB '/*'),
  checksum TEXT CHECK (length(checksum) = 64)  -- SHA-256 of the program
) STRICT;
