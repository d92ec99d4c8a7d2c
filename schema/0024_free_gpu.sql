-- SQLite and PostgreSQL both read this file.

-- As before, but no part has a row of another: so a question about one host reads its rows alone.
DROP VIEW gpu_in_domain;
CREATE VIEW gpu_in_domain (container, gpu, slice, uuid, domain, device, seen) AS
SELECT container, gpu.name, CAST(NULL AS INTEGER), there.uuid, domain, there.device, seen
FROM domain_device AS there JOIN gpu ON gpu.host = container
WHERE CASE WHEN EXISTS (SELECT 1 FROM gpu_function AS one WHERE one.host = gpu.host AND one.gpu = gpu.name)
  THEN gpu.pci = there.device AND
       NOT EXISTS (SELECT 1 FROM gpu_function AS one WHERE one.host = gpu.host AND one.pci = gpu.pci)
  ELSE substr(gpu.pci, 1, length(gpu.pci) - 1) = substr(there.device, 1, length(there.device) - 1) END
UNION ALL
SELECT container, gpu, CAST(NULL AS INTEGER), uuid, domain, there.device, seen
FROM domain_device AS there
JOIN gpu_function ON gpu_function.host = container AND gpu_function.pci = there.device
UNION ALL
SELECT container, gpu, number, uuid, domain, there.device, seen
FROM domain_device AS there JOIN gpu_slice ON gpu_slice.host = container AND gpu_slice.pci = there.device
UNION ALL
SELECT container, mdev.gpu, CAST(NULL AS INTEGER), there.uuid, domain, there.device, seen
FROM domain_device AS there JOIN mdev ON mdev.host = container AND mdev.uuid = there.device
WHERE mdev.gpu IS NOT NULL;

-- The cards that can be given to a VM. `model` also has the ids: "GP106 [GeForce GTX 1060] 10de:1c03". Of a card that
-- was only typed, nothing says that it is no GPU.
CREATE VIEW free_gpu (host, name, model, numa_node) AS
SELECT gpu.host, gpu.name,
       coalesce(gpu.model, '') || ' ' || coalesce(gpu_function.vendor || ':' || gpu_function.device, ''), gpu.numa_node
FROM host JOIN gpu ON gpu.host = host.name
LEFT JOIN gpu_function ON gpu_function.host = gpu.host AND gpu_function.gpu = gpu.name AND
  gpu_function.pci = (SELECT min(one.pci) FROM gpu_function AS one WHERE one.host = gpu.host AND one.gpu = gpu.name)
WHERE host.failing IS NULL AND gpu.failing IS NULL AND gpu.missing = 0 AND host.maintenance IS NULL AND
  coalesce(gpu.wish, '') <> 'host' AND
  (gpu_function.class IS NULL OR gpu_function.class IN ('0300', '0302', '0380', '1200') OR
   EXISTS (SELECT 1 FROM gpu_function AS one
           WHERE one.host = gpu.host AND one.gpu = gpu.name AND one.class IN ('0300', '0302', '0380', '1200'))) AND
  NOT EXISTS (SELECT 1 FROM vm_gpu WHERE vm_gpu.container = gpu.host AND vm_gpu.gpu = gpu.name) AND
  NOT EXISTS (SELECT 1 FROM gpu_slice WHERE gpu_slice.host = gpu.host AND gpu_slice.gpu = gpu.name) AND
  NOT EXISTS (SELECT 1 FROM mdev WHERE mdev.host = gpu.host AND mdev.gpu = gpu.name) AND
  NOT EXISTS (SELECT 1 FROM gpu_in_domain AS there WHERE there.container = gpu.host AND there.gpu = gpu.name);
