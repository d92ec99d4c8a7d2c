-- What was said of a VM at its last define, and what libvirt made of it: what a sync may change or take away, and what
-- somebody changed since.
CREATE TABLE vm_definition (
  vm        TEXT NOT NULL PRIMARY KEY REFERENCES vm (host) ON DELETE CASCADE ON UPDATE CASCADE,
  uuid      TEXT NOT NULL,                          -- an agreement is about one domain of libvirt
  container TEXT NOT NULL,                          -- where it was defined
  rendered  TEXT NOT NULL,                          -- what the inventory said
  defined   TEXT NOT NULL,                          -- as libvirt read it back, without passwords
  libvirt   INTEGER NOT NULL CHECK (libvirt >= 0)   -- the version that read it: 9000000 is 9.0.0
) STRICT;
