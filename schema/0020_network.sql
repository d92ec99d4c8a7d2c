-- The jump hosts on the way to a host, as the ProxyJump of ssh_config has them, "gate" or "you@gate:24,inner"; NULL:
-- ~/.ssh/config says. Behind other jump hosts an address is that of another host.
ALTER TABLE host ADD COLUMN jump TEXT CHECK (jump <> '');
DROP INDEX host_address;
CREATE UNIQUE INDEX host_address ON host (address, coalesce(port, 22), coalesce(jump, ''));

-- A network of the site.
CREATE TABLE network (
  name    TEXT NOT NULL PRIMARY KEY CHECK (name GLOB '[a-z]*' AND name NOT GLOB '*[^a-z0-9_-]*'),
  subnet  TEXT NOT NULL CHECK (subnet GLOB '?*/[0-9]*'),  -- "10.1.0.0/16", "fd00::/64"
  gateway TEXT CHECK (gateway <> ''),                     -- an address in it
  vlan    INTEGER CHECK (vlan BETWEEN 1 AND 4094),
  mtu     INTEGER CHECK (mtu BETWEEN 68 AND 65535),
  zone    TEXT CHECK (zone <> '')                         -- of DNS, for the names in it; NULL: `name`
) STRICT;

-- The network that the address of a host, or an interface of a VM, is in; NULL: nobody said.
ALTER TABLE host ADD COLUMN network TEXT REFERENCES network (name);
ALTER TABLE interface ADD COLUMN network TEXT REFERENCES network (name);
-- The MAC address of the interface by which a physical host has its address.
ALTER TABLE host ADD COLUMN mac TEXT CHECK (mac GLOB '??:??:??:??:??:??');
CREATE UNIQUE INDEX host_mac ON host (mac);

CREATE TRIGGER appliance_is_needed BEFORE DELETE ON appliance
WHEN OLD.name IN ('frontend', 'compute', 'vm-container', 'vm')
BEGIN
  SELECT raise(ABORT, 'this appliance is always there');
END;
