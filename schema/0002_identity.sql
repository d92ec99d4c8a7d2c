-- What `discover host gpu` learns of a card from its host. NULL: not known, or the card has none.
ALTER TABLE gpu ADD COLUMN model TEXT;          -- name in pci.ids, for people
ALTER TABLE gpu ADD COLUMN serial TEXT;         -- PCI device serial number
ALTER TABLE gpu ADD COLUMN uuid TEXT;           -- NVIDIA's, "GPU-..."
ALTER TABLE gpu ADD COLUMN physical_slot TEXT;  -- as printed on the board, "3"
ALTER TABLE gpu ADD COLUMN numa_node INTEGER CHECK (numa_node >= 0);
-- 1: it was there once, and the host did not have it when it was asked last.
ALTER TABLE gpu ADD COLUMN missing INTEGER NOT NULL DEFAULT 0 CHECK (missing IN (0, 1));

CREATE TABLE gpu_function (
  host             TEXT NOT NULL,
  gpu              TEXT NOT NULL,
  pci              TEXT NOT NULL CHECK (pci GLOB 'pci_*_??_??_[0-7]'),
  class            TEXT NOT NULL,  -- four hex digits each, "0300"
  vendor           TEXT NOT NULL,
  device           TEXT NOT NULL,
  subsystem_vendor TEXT,
  subsystem_device TEXT,
  iommu_group      INTEGER,
  PRIMARY KEY (host, pci),
  FOREIGN KEY (host, gpu) REFERENCES gpu (host, name) ON DELETE CASCADE
) STRICT;
