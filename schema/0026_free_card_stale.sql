-- As before, but SQLite made a table on the way for each row that was written: it read what it wrote to.
DROP TRIGGER free_card_delete_host;
DROP TRIGGER free_card_update_host;
DROP TRIGGER free_card_insert_gpu;
DROP TRIGGER free_card_update_gpu;
DROP TRIGGER free_card_delete_gpu;
DROP TRIGGER free_card_insert_gpu_function;
DROP TRIGGER free_card_update_gpu_function;
DROP TRIGGER free_card_delete_gpu_function;
DROP TRIGGER free_card_insert_gpu_slice;
DROP TRIGGER free_card_update_gpu_slice;
DROP TRIGGER free_card_delete_gpu_slice;
DROP TRIGGER free_card_insert_mdev;
DROP TRIGGER free_card_update_mdev;
DROP TRIGGER free_card_delete_mdev;
DROP TRIGGER free_card_insert_vm_gpu;
DROP TRIGGER free_card_update_vm_gpu;
DROP TRIGGER free_card_delete_vm_gpu;
DROP TRIGGER free_card_insert_domain_device;
DROP TRIGGER free_card_update_domain_device;
DROP TRIGGER free_card_delete_domain_device;

CREATE TRIGGER free_card_delete_host AFTER DELETE ON host
BEGIN
  INSERT INTO free_card_stale (host) VALUES (OLD.name) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_update_host AFTER UPDATE OF name, appliance, failing, maintenance ON host
WHEN OLD.name IS NOT NEW.name OR OLD.appliance IS NOT NEW.appliance OR OLD.failing IS NOT NEW.failing OR
     OLD.maintenance IS NOT NEW.maintenance
BEGIN
  INSERT INTO free_card_stale (host) VALUES (OLD.name) ON CONFLICT DO NOTHING;
  INSERT INTO free_card_stale (host) VALUES (NEW.name) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_insert_gpu AFTER INSERT ON gpu
BEGIN
  INSERT INTO free_card_stale (host) VALUES (NEW.host) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_update_gpu AFTER UPDATE OF host, name, pci, model, numa_node, missing, failing, wish ON gpu
WHEN OLD.host IS NOT NEW.host OR OLD.name IS NOT NEW.name OR OLD.pci IS NOT NEW.pci OR OLD.model IS NOT NEW.model OR
     OLD.numa_node IS NOT NEW.numa_node OR OLD.missing IS NOT NEW.missing OR OLD.failing IS NOT NEW.failing OR
     OLD.wish IS NOT NEW.wish
BEGIN
  INSERT INTO free_card_stale (host) VALUES (OLD.host) ON CONFLICT DO NOTHING;
  INSERT INTO free_card_stale (host) VALUES (NEW.host) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_delete_gpu AFTER DELETE ON gpu
BEGIN
  INSERT INTO free_card_stale (host) VALUES (OLD.host) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_insert_gpu_function AFTER INSERT ON gpu_function
BEGIN
  INSERT INTO free_card_stale (host) VALUES (NEW.host) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_update_gpu_function AFTER UPDATE OF host, gpu, pci, class, vendor, device ON gpu_function
WHEN OLD.host IS NOT NEW.host OR OLD.gpu IS NOT NEW.gpu OR OLD.pci IS NOT NEW.pci OR OLD.class IS NOT NEW.class OR
     OLD.vendor IS NOT NEW.vendor OR OLD.device IS NOT NEW.device
BEGIN
  INSERT INTO free_card_stale (host) VALUES (OLD.host) ON CONFLICT DO NOTHING;
  INSERT INTO free_card_stale (host) VALUES (NEW.host) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_delete_gpu_function AFTER DELETE ON gpu_function
BEGIN
  INSERT INTO free_card_stale (host) VALUES (OLD.host) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_insert_gpu_slice AFTER INSERT ON gpu_slice
BEGIN
  INSERT INTO free_card_stale (host) VALUES (NEW.host) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_update_gpu_slice AFTER UPDATE OF host, gpu, pci ON gpu_slice
WHEN OLD.host IS NOT NEW.host OR OLD.gpu IS NOT NEW.gpu OR OLD.pci IS NOT NEW.pci
BEGIN
  INSERT INTO free_card_stale (host) VALUES (OLD.host) ON CONFLICT DO NOTHING;
  INSERT INTO free_card_stale (host) VALUES (NEW.host) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_delete_gpu_slice AFTER DELETE ON gpu_slice
BEGIN
  INSERT INTO free_card_stale (host) VALUES (OLD.host) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_insert_mdev AFTER INSERT ON mdev
BEGIN
  INSERT INTO free_card_stale (host) VALUES (NEW.host) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_update_mdev AFTER UPDATE OF host, uuid, parent ON mdev
WHEN OLD.host IS NOT NEW.host OR OLD.uuid IS NOT NEW.uuid OR OLD.parent IS NOT NEW.parent
BEGIN
  INSERT INTO free_card_stale (host) VALUES (OLD.host) ON CONFLICT DO NOTHING;
  INSERT INTO free_card_stale (host) VALUES (NEW.host) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_delete_mdev AFTER DELETE ON mdev
BEGIN
  INSERT INTO free_card_stale (host) VALUES (OLD.host) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_insert_vm_gpu AFTER INSERT ON vm_gpu
BEGIN
  INSERT INTO free_card_stale (host) VALUES (NEW.container) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_update_vm_gpu AFTER UPDATE OF container, gpu ON vm_gpu
WHEN OLD.container IS NOT NEW.container OR OLD.gpu IS NOT NEW.gpu
BEGIN
  INSERT INTO free_card_stale (host) VALUES (OLD.container) ON CONFLICT DO NOTHING;
  INSERT INTO free_card_stale (host) VALUES (NEW.container) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_delete_vm_gpu AFTER DELETE ON vm_gpu
BEGIN
  INSERT INTO free_card_stale (host) VALUES (OLD.container) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_insert_domain_device AFTER INSERT ON domain_device
BEGIN
  INSERT INTO free_card_stale (host) VALUES (NEW.container) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_update_domain_device AFTER UPDATE OF container, device ON domain_device
WHEN OLD.container IS NOT NEW.container OR OLD.device IS NOT NEW.device
BEGIN
  INSERT INTO free_card_stale (host) VALUES (OLD.container) ON CONFLICT DO NOTHING;
  INSERT INTO free_card_stale (host) VALUES (NEW.container) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER free_card_delete_domain_device AFTER DELETE ON domain_device
BEGIN
  INSERT INTO free_card_stale (host) VALUES (OLD.container) ON CONFLICT DO NOTHING;
END;
