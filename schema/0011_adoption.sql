-- What libvirt calls the VM; NULL: the same as the inventory. An adopted VM keeps the name that it had.
ALTER TABLE vm ADD COLUMN libvirt_name TEXT CHECK (libvirt_name <> '');

-- Devices of a host that a domain of its libvirt has, running or not, though the inventory did not give them: those of
-- VMs that it does not know, and what somebody put into its own by hand. As the host was asked last.
CREATE TABLE domain_device (
  container TEXT NOT NULL REFERENCES host (name) ON DELETE CASCADE ON UPDATE CASCADE,
  uuid      TEXT NOT NULL,                        -- of the domain
  domain    TEXT NOT NULL CHECK (domain <> ''),   -- its name there
  device    TEXT NOT NULL CHECK (device <> ''),   -- PciAddress, libvirt spelling, or the UUID of a mediated device
  seen      TEXT NOT NULL,                        -- "2026-11-21T01:20:00Z"
  PRIMARY KEY (container, uuid, device)
) STRICT;

-- The cards among them: a card is there when a domain has one of its functions, a virtual function of it (SLICE), or a
-- mediated device on it. Of a card that was only typed, any function of its slot counts.
CREATE VIEW gpu_in_domain (container, gpu, slice, uuid, domain, device, seen) AS
SELECT container, gpu.name, NULL, there.uuid, domain, there.device, seen
FROM domain_device AS there JOIN gpu ON gpu.host = container AND
  (gpu.pci = there.device OR
   (substr(gpu.pci, 1, length(gpu.pci) - 1) = substr(there.device, 1, length(there.device) - 1) AND
    NOT EXISTS (SELECT 1 FROM gpu_function AS one WHERE one.host = gpu.host AND one.gpu = gpu.name)))
UNION
SELECT container, gpu, NULL, uuid, domain, there.device, seen
FROM domain_device AS there
JOIN gpu_function ON gpu_function.host = container AND gpu_function.pci = there.device
UNION
SELECT container, gpu, number, uuid, domain, there.device, seen
FROM domain_device AS there JOIN gpu_slice ON gpu_slice.host = container AND gpu_slice.pci = there.device
UNION
SELECT container, mdev.gpu, NULL, there.uuid, domain, there.device, seen
FROM domain_device AS there JOIN mdev ON mdev.host = container AND mdev.uuid = there.device
WHERE mdev.gpu IS NOT NULL;
