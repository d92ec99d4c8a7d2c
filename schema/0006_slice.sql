-- Slices of cards, for VMs: virtual functions (SR-IOV) and mediated devices.

-- The virtual functions that a card had when its host was asked last.
CREATE TABLE gpu_slice (
  host   TEXT NOT NULL,
  gpu    TEXT NOT NULL,
  number INTEGER NOT NULL CHECK (number >= 0),                -- the kernel's, 0 of virtfn0
  pci    TEXT NOT NULL CHECK (pci GLOB 'pci_*_??_??_[0-7]'),  -- PciAddress, libvirt's spelling
  type   TEXT,                                                -- of the vGPU that its driver runs on it, "1145"
  PRIMARY KEY (host, gpu, number),
  UNIQUE (host, pci),
  FOREIGN KEY (host, gpu) REFERENCES gpu (host, name) ON DELETE CASCADE
) STRICT;

-- The mediated devices that a host had when it was asked last.
CREATE TABLE mdev (
  host   TEXT NOT NULL REFERENCES host (name) ON DELETE CASCADE,
  uuid   TEXT NOT NULL,
  parent TEXT NOT NULL,  -- "gpupci1", "gpupci1.0", or the name of a device that is no card
  type   TEXT NOT NULL,  -- as the driver calls it, "nvidia-558"
  gpu    TEXT GENERATED ALWAYS AS (
    CASE WHEN parent GLOB 'gpupci[1-9]*' THEN substr(parent, 1, instr(parent || '.', '.') - 1) END) STORED,
  PRIMARY KEY (host, uuid)
) STRICT;

-- What a VM has: a whole card (`slice` and `uuid` are NULL), slice number `slice` of a card, or the mediated device
-- `uuid`. A slice stays with the VM when the host has it no more, and may be given before the host was asked. As
-- before, the foreign keys share `container`.
DROP VIEW host_gpu;
CREATE TABLE vm_gpu_6 (
  vm        TEXT NOT NULL,
  name      TEXT NOT NULL CHECK (name = 'gpupci' OR name GLOB 'gpupci[1-9]*'),
  container TEXT NOT NULL,
  gpu       TEXT,
  slice     INTEGER CHECK (slice >= 0),
  uuid      TEXT CHECK (uuid GLOB '????????-????-????-????-????????????'),
  PRIMARY KEY (vm, name),
  UNIQUE (container, gpu, slice),
  UNIQUE (container, uuid),
  CHECK ((gpu IS NULL) <> (uuid IS NULL)),
  CHECK (slice IS NULL OR uuid IS NULL),
  FOREIGN KEY (vm, container) REFERENCES vm (host, container),
  FOREIGN KEY (container, gpu) REFERENCES gpu (host, name)
) STRICT;
INSERT INTO vm_gpu_6 (vm, name, container, gpu) SELECT vm, name, container, gpu FROM vm_gpu;
DROP TABLE vm_gpu;
ALTER TABLE vm_gpu_6 RENAME TO vm_gpu;
CREATE UNIQUE INDEX card_whole_once ON vm_gpu (container, gpu) WHERE slice IS NULL;

-- What VMs have, with what is known of it. `device` is how the operator calls it: gpupci1, gpupci1.0, a UUID;
-- `gpu` the card, `place` the card or virtual function that it is on, NULL where that is not known; `pci` is of a card
-- or a virtual function that is there; `present`: the container had it when it was asked last.
CREATE VIEW gpu_in_vm (vm, name, container, device, gpu, slice, uuid, place, pci, type, present) AS
SELECT vm, vm_gpu.name, container, coalesce(vm_gpu.uuid, vm_gpu.gpu || '.' || vm_gpu.slice, vm_gpu.gpu),
       coalesce(vm_gpu.gpu, mdev.gpu), vm_gpu.slice, vm_gpu.uuid,
       coalesce(vm_gpu.gpu || '.' || vm_gpu.slice, vm_gpu.gpu, mdev.parent),
       CASE WHEN vm_gpu.slice IS NULL THEN gpu.pci ELSE gpu_slice.pci END,
       coalesce(gpu_slice.type, mdev.type),
       CASE WHEN vm_gpu.uuid IS NOT NULL THEN mdev.uuid IS NOT NULL
            WHEN vm_gpu.slice IS NOT NULL THEN gpu_slice.pci IS NOT NULL
            ELSE NOT gpu.missing END
FROM vm_gpu
LEFT JOIN gpu ON gpu.host = container AND gpu.name = vm_gpu.gpu
LEFT JOIN gpu_slice ON gpu_slice.host = container AND gpu_slice.gpu = vm_gpu.gpu AND
                       gpu_slice.number = vm_gpu.slice
LEFT JOIN mdev ON mdev.host = container AND mdev.uuid = vm_gpu.uuid;

-- A card is given whole or in slices; a virtual function itself, or the mediated devices on it. What a mediated device
-- is on may be learnt later, so this holds for what is known.
CREATE TRIGGER gpu_is_whole_or_in_slices AFTER INSERT ON vm_gpu
WHEN EXISTS (
  SELECT 1 FROM gpu_in_vm AS one JOIN gpu_in_vm AS other USING (container, gpu)
  WHERE one.vm = NEW.vm AND one.name = NEW.name AND (other.vm <> one.vm OR other.name <> one.name) AND
        (coalesce(one.slice, one.uuid) IS NULL OR coalesce(other.slice, other.uuid) IS NULL OR
         (one.place = other.place AND (one.uuid IS NULL OR other.uuid IS NULL))))
BEGIN
  SELECT raise(ABORT, 'a card is given whole or in slices');
END;

CREATE TRIGGER mdev_is_of_the_container BEFORE INSERT ON vm_gpu
WHEN EXISTS (SELECT 1 FROM mdev WHERE uuid = NEW.uuid) AND
     NOT EXISTS (SELECT 1 FROM mdev WHERE uuid = NEW.uuid AND host = NEW.container)
BEGIN
  SELECT raise(ABORT, 'the mediated device is of another host');
END;

-- What `list host gpu` shows: the cards of physical hosts, and what VMs have. `shown` is the address, the UUID of a
-- mediated device, or the name of a slice that is not there; `given` is what `add host gpu` is told.
CREATE VIEW host_gpu (host, name, shown, given) AS
SELECT host, name, pci, pci FROM gpu
UNION ALL
SELECT vm, name, coalesce(pci, device), CASE WHEN slice IS NULL THEN coalesce(pci, device) ELSE device END
FROM gpu_in_vm;
