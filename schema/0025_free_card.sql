-- How many cards of `free_gpu` a vm-container has of a model on a NUMA node (-1: not known), so that a VM is placed
-- without a look at all cards of all hosts. Those of the hosts in free_card_stale are to be counted anew by who places
-- the next VM (db/free_card.cc); triggers put them there, whoever writes.
CREATE TABLE free_card (
  host      TEXT NOT NULL,
  model     TEXT NOT NULL,
  numa_node INTEGER NOT NULL,
  cards     INTEGER NOT NULL CHECK (cards > 0),
  PRIMARY KEY (host, model, numa_node)
) STRICT, WITHOUT ROWID;
CREATE TABLE free_card_stale (host TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO free_card_stale (host) SELECT DISTINCT host FROM gpu;

CREATE TRIGGER free_card_delete_host AFTER DELETE ON host
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT OLD.name WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = OLD.name);
END;
CREATE TRIGGER free_card_update_host AFTER UPDATE OF name, appliance, failing, maintenance ON host
WHEN OLD.name IS NOT NEW.name OR OLD.appliance IS NOT NEW.appliance OR OLD.failing IS NOT NEW.failing OR
     OLD.maintenance IS NOT NEW.maintenance
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT OLD.name WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = OLD.name);
  INSERT INTO free_card_stale (host)
  SELECT NEW.name WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = NEW.name);
END;
CREATE TRIGGER free_card_insert_gpu AFTER INSERT ON gpu
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT NEW.host WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = NEW.host);
END;
CREATE TRIGGER free_card_update_gpu AFTER UPDATE OF host, name, pci, model, numa_node, missing, failing, wish ON gpu
WHEN OLD.host IS NOT NEW.host OR OLD.name IS NOT NEW.name OR OLD.pci IS NOT NEW.pci OR OLD.model IS NOT NEW.model OR
     OLD.numa_node IS NOT NEW.numa_node OR OLD.missing IS NOT NEW.missing OR OLD.failing IS NOT NEW.failing OR
     OLD.wish IS NOT NEW.wish
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT OLD.host WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = OLD.host);
  INSERT INTO free_card_stale (host)
  SELECT NEW.host WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = NEW.host);
END;
CREATE TRIGGER free_card_delete_gpu AFTER DELETE ON gpu
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT OLD.host WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = OLD.host);
END;
CREATE TRIGGER free_card_insert_gpu_function AFTER INSERT ON gpu_function
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT NEW.host WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = NEW.host);
END;
CREATE TRIGGER free_card_update_gpu_function AFTER UPDATE OF host, gpu, pci, class, vendor, device ON gpu_function
WHEN OLD.host IS NOT NEW.host OR OLD.gpu IS NOT NEW.gpu OR OLD.pci IS NOT NEW.pci OR OLD.class IS NOT NEW.class OR
     OLD.vendor IS NOT NEW.vendor OR OLD.device IS NOT NEW.device
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT OLD.host WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = OLD.host);
  INSERT INTO free_card_stale (host)
  SELECT NEW.host WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = NEW.host);
END;
CREATE TRIGGER free_card_delete_gpu_function AFTER DELETE ON gpu_function
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT OLD.host WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = OLD.host);
END;
CREATE TRIGGER free_card_insert_gpu_slice AFTER INSERT ON gpu_slice
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT NEW.host WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = NEW.host);
END;
CREATE TRIGGER free_card_update_gpu_slice AFTER UPDATE OF host, gpu, pci ON gpu_slice
WHEN OLD.host IS NOT NEW.host OR OLD.gpu IS NOT NEW.gpu OR OLD.pci IS NOT NEW.pci
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT OLD.host WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = OLD.host);
  INSERT INTO free_card_stale (host)
  SELECT NEW.host WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = NEW.host);
END;
CREATE TRIGGER free_card_delete_gpu_slice AFTER DELETE ON gpu_slice
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT OLD.host WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = OLD.host);
END;
CREATE TRIGGER free_card_insert_mdev AFTER INSERT ON mdev
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT NEW.host WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = NEW.host);
END;
CREATE TRIGGER free_card_update_mdev AFTER UPDATE OF host, uuid, parent ON mdev
WHEN OLD.host IS NOT NEW.host OR OLD.uuid IS NOT NEW.uuid OR OLD.parent IS NOT NEW.parent
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT OLD.host WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = OLD.host);
  INSERT INTO free_card_stale (host)
  SELECT NEW.host WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = NEW.host);
END;
CREATE TRIGGER free_card_delete_mdev AFTER DELETE ON mdev
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT OLD.host WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = OLD.host);
END;
CREATE TRIGGER free_card_insert_vm_gpu AFTER INSERT ON vm_gpu
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT NEW.container WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = NEW.container);
END;
CREATE TRIGGER free_card_update_vm_gpu AFTER UPDATE OF container, gpu ON vm_gpu
WHEN OLD.container IS NOT NEW.container OR OLD.gpu IS NOT NEW.gpu
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT OLD.container WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = OLD.container);
  INSERT INTO free_card_stale (host)
  SELECT NEW.container WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = NEW.container);
END;
CREATE TRIGGER free_card_delete_vm_gpu AFTER DELETE ON vm_gpu
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT OLD.container WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = OLD.container);
END;
CREATE TRIGGER free_card_insert_domain_device AFTER INSERT ON domain_device
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT NEW.container WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = NEW.container);
END;
CREATE TRIGGER free_card_update_domain_device AFTER UPDATE OF container, device ON domain_device
WHEN OLD.container IS NOT NEW.container OR OLD.device IS NOT NEW.device
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT OLD.container WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = OLD.container);
  INSERT INTO free_card_stale (host)
  SELECT NEW.container WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = NEW.container);
END;
CREATE TRIGGER free_card_delete_domain_device AFTER DELETE ON domain_device
BEGIN
  INSERT INTO free_card_stale (host)
  SELECT OLD.container WHERE NOT EXISTS (SELECT 1 FROM free_card_stale WHERE host = OLD.container);
END;
