-- What a site wants different from the defaults. The nearest value counts: global < appliance < container of a VM <
-- host, as in Rocks.
CREATE TABLE attribute (
  appliance TEXT REFERENCES appliance (name),
  host      TEXT REFERENCES host (name) ON DELETE CASCADE,
  name      TEXT NOT NULL CHECK (name GLOB '[A-Za-z_]*' AND name NOT GLOB '*[^A-Za-z0-9_.-]*'),
  value     TEXT NOT NULL,
  CHECK (appliance IS NULL OR host IS NULL)  -- both NULL: global
) STRICT;

CREATE UNIQUE INDEX attribute_once ON attribute (coalesce(appliance, ''), coalesce(host, ''), name);
