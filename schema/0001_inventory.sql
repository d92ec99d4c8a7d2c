-- The inventory: which host has which card, which VM holds it. The schema refuses what is wrong, so
-- that no program, sqlite3 included, can store it.

CREATE TABLE appliance (
  name    TEXT NOT NULL PRIMARY KEY,
  managed INTEGER NOT NULL CHECK (managed IN (0, 1))  -- does `run host` without names go there?
) STRICT;

INSERT INTO appliance (name, managed)
VALUES ('frontend', 0), ('compute', 1), ('vm-container', 1), ('vm', 0);

CREATE TABLE host (
  name      TEXT NOT NULL PRIMARY KEY,  -- HostName
  appliance TEXT NOT NULL REFERENCES appliance (name),
  rack      INTEGER CHECK (rack >= 0),
  rank      INTEGER CHECK (rank >= 0),
  cpus      INTEGER CHECK (cpus > 0),
  address   TEXT CHECK (address <> ''),  -- IP address or DNS name; NULL: ssh finds `name` by itself
  port      INTEGER CHECK (port BETWEEN 1 AND 65535),
  user      TEXT CHECK (user <> ''),
  UNIQUE (name, appliance)
) STRICT;

CREATE UNIQUE INDEX host_name_in_any_case ON host (lower(name));
CREATE UNIQUE INDEX host_address ON host (address, coalesce(port, 22));

-- A card of a physical host.
CREATE TABLE gpu (
  host TEXT NOT NULL REFERENCES host (name) ON DELETE CASCADE,
  name TEXT NOT NULL CHECK (name GLOB 'gpupci[1-9]*'),    -- GpuName, unique on its host only
  pci  TEXT NOT NULL CHECK (pci GLOB 'pci_*_??_??_[0-7]'),  -- PciAddress, libvirt's spelling
  slot TEXT NOT NULL GENERATED ALWAYS AS (substr(pci, 1, length(pci) - 2)) STORED,
  PRIMARY KEY (host, name),
  UNIQUE (host, slot)                                     -- one name per card, whichever function
) STRICT;

CREATE TABLE vm (
  host       TEXT NOT NULL PRIMARY KEY,  -- the VM's own name
  appliance  TEXT NOT NULL DEFAULT 'vm' CHECK (appliance = 'vm'),
  container  TEXT NOT NULL REFERENCES host (name),
  uuid       TEXT NOT NULL UNIQUE,
  memory_mib INTEGER NOT NULL CHECK (memory_mib > 0),
  cpus       INTEGER NOT NULL CHECK (cpus > 0),
  UNIQUE (host, container),
  FOREIGN KEY (host, appliance) REFERENCES host (name, appliance)
) STRICT;

CREATE TABLE vm_disk (
  vm       TEXT NOT NULL REFERENCES vm (host) ON DELETE CASCADE,
  target   TEXT NOT NULL,                                    -- device in the guest, "vda"
  source   TEXT NOT NULL CHECK (source IN ('file', 'phy')),  -- as Rocks spells them
  path     TEXT NOT NULL CHECK (path GLOB '/*'),
  bus      TEXT NOT NULL,
  format   TEXT NOT NULL CHECK (format IN ('raw', 'qcow2')),
  size_gib INTEGER CHECK (size_gib > 0),                     -- NULL: whatever is there
  PRIMARY KEY (vm, target)
) STRICT;

-- A card in a VM. The two foreign keys share `container`: a VM holds only cards of its own.
CREATE TABLE vm_gpu (
  vm        TEXT NOT NULL,
  name      TEXT NOT NULL CHECK (name = 'gpupci' OR name GLOB 'gpupci[1-9]*'),
  container TEXT NOT NULL,
  gpu       TEXT NOT NULL,
  PRIMARY KEY (vm, name),
  UNIQUE (container, gpu),                                -- one card, one VM
  FOREIGN KEY (vm, container) REFERENCES vm (host, container),
  FOREIGN KEY (container, gpu) REFERENCES gpu (host, name)
) STRICT;

CREATE TRIGGER vm_is_not_a_container BEFORE INSERT ON vm
WHEN (SELECT appliance FROM host WHERE name = NEW.container) = 'vm'
BEGIN
  SELECT raise(ABORT, 'a VM runs on a physical host, not on another VM');
END;

CREATE TRIGGER gpu_is_not_of_a_vm BEFORE INSERT ON gpu
WHEN (SELECT appliance FROM host WHERE name = NEW.host) = 'vm'
BEGIN
  SELECT raise(ABORT, 'a card belongs to a physical host; a VM is given one of its container');
END;

CREATE TRIGGER host_with_cards_or_vms_is_no_vm BEFORE UPDATE OF appliance ON host
WHEN NEW.appliance = 'vm' AND (EXISTS (SELECT 1 FROM gpu WHERE host = NEW.name) OR
                               EXISTS (SELECT 1 FROM vm WHERE container = NEW.name))
BEGIN
  SELECT raise(ABORT, 'a host with cards or VMs of its own is no VM');
END;

-- What `list host gpu` shows: the cards of physical hosts, and those that VMs hold.
CREATE VIEW host_gpu (host, name, pci) AS
SELECT host, name, pci FROM gpu
UNION ALL
SELECT vm_gpu.vm, vm_gpu.name, gpu.pci
FROM vm_gpu JOIN gpu ON gpu.host = vm_gpu.container AND gpu.name = vm_gpu.gpu;
