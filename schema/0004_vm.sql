-- What a VM is made of besides its cards.

-- A network interface; of VMs alone so far.
CREATE TABLE interface (
  host   TEXT NOT NULL REFERENCES host (name) ON DELETE CASCADE,
  name   TEXT NOT NULL CHECK (name GLOB '[a-z]*' AND name NOT GLOB '*[^a-z0-9]*'),  -- "eth0"
  kind   TEXT NOT NULL CHECK (kind IN ('bridge', 'direct', 'network', 'ovs')),
  source TEXT NOT NULL CHECK (source <> ''),  -- bridge, device of the container, libvirt's network
  mac    TEXT NOT NULL UNIQUE CHECK (mac GLOB '??:??:??:??:??:??'),  -- MacAddress, lower case
  model  TEXT NOT NULL,                       -- what the guest sees, "virtio"
  vlan   INTEGER CHECK (vlan BETWEEN 1 AND 4094),
  PRIMARY KEY (host, name)
) STRICT;

-- Disks may be CD-ROMs: source 'cdrom' is an image file that the guest cannot write.
CREATE TABLE vm_disk_4 (
  vm       TEXT NOT NULL REFERENCES vm (host) ON DELETE CASCADE,
  target   TEXT NOT NULL,                                             -- device in the guest, "vda"
  source   TEXT NOT NULL CHECK (source IN ('file', 'phy', 'cdrom')),  -- as Rocks spells the first two
  path     TEXT NOT NULL CHECK (path GLOB '/*'),
  bus      TEXT NOT NULL,
  format   TEXT NOT NULL CHECK (format IN ('raw', 'qcow2')),
  size_gib INTEGER CHECK (size_gib > 0),                              -- NULL: whatever is there
  PRIMARY KEY (vm, target)
) STRICT;
INSERT INTO vm_disk_4 (vm, target, source, path, bus, format, size_gib)
SELECT vm, target, source, path, bus, format, size_gib FROM vm_disk;
DROP TABLE vm_disk;
ALTER TABLE vm_disk_4 RENAME TO vm_disk;

-- Of a function's BARs, those that a guest has to map above 4 GiB: sum of their sizes in MiB.
ALTER TABLE gpu_function ADD COLUMN bar_mib INTEGER CHECK (bar_mib >= 0);

-- Why `check host gpu` would not use the card, or any card of the host: "D1: fallen off the bus".
ALTER TABLE gpu ADD COLUMN failing TEXT;
ALTER TABLE host ADD COLUMN failing TEXT;

CREATE TRIGGER vm_moves_to_no_vm BEFORE UPDATE OF container ON vm
WHEN (SELECT appliance FROM host WHERE name = NEW.container) = 'vm'
BEGIN
  SELECT raise(ABORT, 'a VM runs on a physical host, not on another VM');
END;
