-- What schema/0025_free_card.sql makes of an SQLite file, which has the comments.
UPDATE schema_version SET oldest_program = 25;  -- an older one would take these tables for a part of the inventory

CREATE TABLE free_card (
  host      text COLLATE "C" NOT NULL,
  model     text COLLATE "C" NOT NULL,
  numa_node integer NOT NULL,
  cards     integer NOT NULL CHECK (cards > 0),
  PRIMARY KEY (host, model, numa_node)
);
CREATE TABLE free_card_stale (host text COLLATE "C" NOT NULL PRIMARY KEY);
INSERT INTO free_card_stale (host) SELECT DISTINCT host FROM gpu;

-- Each table has its host in another column. A delegate changes some of them, and has no right to these tables.
-- What a load adds comes a hundred rows at a time.
CREATE FUNCTION free_card_of_new_host() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = cluster, pg_temp AS $$ BEGIN
  INSERT INTO free_card_stale (host) SELECT DISTINCT host FROM added ON CONFLICT (host) DO NOTHING;
  RETURN NULL;
END $$;
CREATE FUNCTION free_card_of_new_container() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = cluster, pg_temp AS $$ BEGIN
  INSERT INTO free_card_stale (host) SELECT DISTINCT container FROM added ON CONFLICT (host) DO NOTHING;
  RETURN NULL;
END $$;
CREATE FUNCTION free_card_of_host() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = cluster, pg_temp AS $$ BEGIN
  INSERT INTO free_card_stale (host) VALUES (OLD.host) ON CONFLICT (host) DO NOTHING;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO free_card_stale (host) VALUES (NEW.host) ON CONFLICT (host) DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION free_card_of_container() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = cluster, pg_temp AS $$ BEGIN
  INSERT INTO free_card_stale (host) VALUES (OLD.container) ON CONFLICT (host) DO NOTHING;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO free_card_stale (host) VALUES (NEW.container) ON CONFLICT (host) DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION free_card_of_name() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = cluster, pg_temp AS $$ BEGIN
  INSERT INTO free_card_stale (host) VALUES (OLD.name) ON CONFLICT (host) DO NOTHING;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO free_card_stale (host) VALUES (NEW.name) ON CONFLICT (host) DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER free_card_rows AFTER DELETE ON host
FOR EACH ROW EXECUTE FUNCTION free_card_of_name();
CREATE TRIGGER free_card_values AFTER UPDATE ON host
FOR EACH ROW WHEN (
  (OLD.name, OLD.appliance, OLD.failing, OLD.maintenance) IS DISTINCT FROM
  (NEW.name, NEW.appliance, NEW.failing, NEW.maintenance))
EXECUTE FUNCTION free_card_of_name();
CREATE TRIGGER free_card_new AFTER INSERT ON gpu REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION free_card_of_new_host();
CREATE TRIGGER free_card_rows AFTER DELETE ON gpu
FOR EACH ROW EXECUTE FUNCTION free_card_of_host();
CREATE TRIGGER free_card_values AFTER UPDATE ON gpu
FOR EACH ROW WHEN (
  (OLD.host, OLD.name, OLD.pci, OLD.model, OLD.numa_node, OLD.missing, OLD.failing, OLD.wish) IS DISTINCT FROM
  (NEW.host, NEW.name, NEW.pci, NEW.model, NEW.numa_node, NEW.missing, NEW.failing, NEW.wish))
EXECUTE FUNCTION free_card_of_host();
CREATE TRIGGER free_card_new AFTER INSERT ON gpu_function REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION free_card_of_new_host();
CREATE TRIGGER free_card_rows AFTER DELETE ON gpu_function
FOR EACH ROW EXECUTE FUNCTION free_card_of_host();
CREATE TRIGGER free_card_values AFTER UPDATE ON gpu_function
FOR EACH ROW WHEN (
  (OLD.host, OLD.gpu, OLD.pci, OLD.class, OLD.vendor, OLD.device) IS DISTINCT FROM
  (NEW.host, NEW.gpu, NEW.pci, NEW.class, NEW.vendor, NEW.device))
EXECUTE FUNCTION free_card_of_host();
CREATE TRIGGER free_card_new AFTER INSERT ON gpu_slice REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION free_card_of_new_host();
CREATE TRIGGER free_card_rows AFTER DELETE ON gpu_slice
FOR EACH ROW EXECUTE FUNCTION free_card_of_host();
CREATE TRIGGER free_card_values AFTER UPDATE ON gpu_slice
FOR EACH ROW WHEN (
  (OLD.host, OLD.gpu, OLD.pci) IS DISTINCT FROM
  (NEW.host, NEW.gpu, NEW.pci))
EXECUTE FUNCTION free_card_of_host();
CREATE TRIGGER free_card_new AFTER INSERT ON mdev REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION free_card_of_new_host();
CREATE TRIGGER free_card_rows AFTER DELETE ON mdev
FOR EACH ROW EXECUTE FUNCTION free_card_of_host();
CREATE TRIGGER free_card_values AFTER UPDATE ON mdev
FOR EACH ROW WHEN (
  (OLD.host, OLD.uuid, OLD.parent) IS DISTINCT FROM
  (NEW.host, NEW.uuid, NEW.parent))
EXECUTE FUNCTION free_card_of_host();
CREATE TRIGGER free_card_new AFTER INSERT ON vm_gpu REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION free_card_of_new_container();
CREATE TRIGGER free_card_rows AFTER DELETE ON vm_gpu
FOR EACH ROW EXECUTE FUNCTION free_card_of_container();
CREATE TRIGGER free_card_values AFTER UPDATE ON vm_gpu
FOR EACH ROW WHEN (
  (OLD.container, OLD.gpu) IS DISTINCT FROM
  (NEW.container, NEW.gpu))
EXECUTE FUNCTION free_card_of_container();
CREATE TRIGGER free_card_new AFTER INSERT ON domain_device REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION free_card_of_new_container();
CREATE TRIGGER free_card_rows AFTER DELETE ON domain_device
FOR EACH ROW EXECUTE FUNCTION free_card_of_container();
CREATE TRIGGER free_card_values AFTER UPDATE ON domain_device
FOR EACH ROW WHEN (
  (OLD.container, OLD.device) IS DISTINCT FROM
  (NEW.container, NEW.device))
EXECUTE FUNCTION free_card_of_container();
