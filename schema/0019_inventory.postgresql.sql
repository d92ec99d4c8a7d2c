-- The inventory on PostgreSQL, as of version 19: what schema/0001_*.sql to 0019_*.sql make of an SQLite file, in
-- PostgreSQL's words. A test compares both (db/schema_twins_test.cc). Texts are compared by their bytes, whatever the
-- locale of the database is (COLLATE "C"). The migration runs as the role cluster_owner, in the schema `cluster`.

CREATE TABLE schema_version (
  version        integer NOT NULL,  -- of these files
  oldest_program integer NOT NULL   -- a program that knows less must not touch this inventory
);
INSERT INTO schema_version (version, oldest_program) VALUES (19, 19);

CREATE TABLE appliance (
  name    text COLLATE "C" NOT NULL PRIMARY KEY,
  managed integer NOT NULL CHECK (managed IN (0, 1))
);

INSERT INTO appliance (name, managed)
VALUES ('frontend', 0), ('compute', 1), ('vm-container', 1), ('vm', 0);

CREATE TABLE host (
  name         text COLLATE "C" NOT NULL PRIMARY KEY,
  appliance    text COLLATE "C" NOT NULL REFERENCES appliance (name) DEFERRABLE,
  rack         integer CHECK (rack >= 0),
  rank         integer CHECK (rank >= 0),
  cpus         integer CHECK (cpus > 0),
  address      text COLLATE "C" CHECK (address <> ''),
  port         integer CHECK (port BETWEEN 1 AND 65535),
  "user"       text COLLATE "C" CHECK ("user" <> ''),
  failing      text COLLATE "C",
  sudo         integer CHECK (sudo IN (0, 1)),
  failing_seen text COLLATE "C",
  maintenance  text COLLATE "C",
  UNIQUE (name, appliance)
);
CREATE UNIQUE INDEX host_name_in_any_case ON host (lower(name));
CREATE UNIQUE INDEX host_address ON host (address, coalesce(port, 22));

CREATE TABLE gpu (
  host          text COLLATE "C" NOT NULL REFERENCES host (name) ON DELETE CASCADE DEFERRABLE,
  name          text COLLATE "C" NOT NULL CHECK (name ~ '^gpupci[1-9]'),
  pci           text COLLATE "C" NOT NULL CHECK (pci ~ '^pci_.*_.._.._[0-7]$'),
  slot          text COLLATE "C" NOT NULL GENERATED ALWAYS AS (substr(pci, 1, length(pci) - 2)) STORED,
  model         text COLLATE "C",
  serial        text COLLATE "C",
  uuid          text COLLATE "C",
  physical_slot text COLLATE "C",
  numa_node     integer CHECK (numa_node >= 0),
  missing       integer NOT NULL DEFAULT 0 CHECK (missing IN (0, 1)),
  failing       text COLLATE "C",
  wish          text COLLATE "C" CHECK (wish IN ('host', 'detached')),
  driver        text COLLATE "C",
  driver_seen   text COLLATE "C",
  present_seen  text COLLATE "C",
  failing_seen  text COLLATE "C",
  PRIMARY KEY (host, name),
  UNIQUE (host, slot)
);

CREATE TABLE gpu_function (
  host             text COLLATE "C" NOT NULL,
  gpu              text COLLATE "C" NOT NULL,
  pci              text COLLATE "C" NOT NULL CHECK (pci ~ '^pci_.*_.._.._[0-7]$'),
  class            text COLLATE "C" NOT NULL,
  vendor           text COLLATE "C" NOT NULL,
  device           text COLLATE "C" NOT NULL,
  subsystem_vendor text COLLATE "C",
  subsystem_device text COLLATE "C",
  iommu_group      integer,
  bar_mib          integer CHECK (bar_mib >= 0),
  bars             text COLLATE "C",
  PRIMARY KEY (host, pci),
  FOREIGN KEY (host, gpu) REFERENCES gpu (host, name) ON DELETE CASCADE DEFERRABLE
);
CREATE INDEX gpu_function_gpu ON gpu_function (host, gpu, pci);

CREATE TABLE gpu_slice (
  host   text COLLATE "C" NOT NULL,
  gpu    text COLLATE "C" NOT NULL,
  number integer NOT NULL CHECK (number >= 0),
  pci    text COLLATE "C" NOT NULL CHECK (pci ~ '^pci_.*_.._.._[0-7]$'),
  type   text COLLATE "C",
  PRIMARY KEY (host, gpu, number),
  UNIQUE (host, pci),
  FOREIGN KEY (host, gpu) REFERENCES gpu (host, name) ON DELETE CASCADE DEFERRABLE
);

CREATE TABLE mdev (
  host   text COLLATE "C" NOT NULL REFERENCES host (name) ON DELETE CASCADE DEFERRABLE,
  uuid   text COLLATE "C" NOT NULL,
  parent text COLLATE "C" NOT NULL,
  type   text COLLATE "C" NOT NULL,
  gpu    text COLLATE "C" GENERATED ALWAYS AS (
    CASE WHEN parent ~ '^gpupci[1-9]' THEN split_part(parent, '.', 1) END) STORED,
  PRIMARY KEY (host, uuid)
);
CREATE INDEX mdev_uuid ON mdev (uuid);

CREATE TABLE vm (
  host         text COLLATE "C" NOT NULL PRIMARY KEY,
  appliance    text COLLATE "C" NOT NULL DEFAULT 'vm' CHECK (appliance = 'vm'),
  container    text COLLATE "C" NOT NULL REFERENCES host (name) DEFERRABLE,
  uuid         text COLLATE "C" NOT NULL UNIQUE,
  memory_mib   integer NOT NULL CHECK (memory_mib > 0),
  cpus         integer NOT NULL CHECK (cpus > 0),
  fabric       integer CHECK (fabric >= 0),
  libvirt_name text COLLATE "C" CHECK (libvirt_name <> ''),
  UNIQUE (host, container),
  FOREIGN KEY (host, appliance) REFERENCES host (name, appliance) DEFERRABLE
);
CREATE INDEX vm_container ON vm (container);

CREATE TABLE vm_disk (
  vm        text COLLATE "C" NOT NULL REFERENCES vm (host) ON DELETE CASCADE DEFERRABLE,
  target    text COLLATE "C" NOT NULL,
  source    text COLLATE "C" NOT NULL CHECK (source IN ('file', 'phy', 'cdrom')),
  path      text COLLATE "C" NOT NULL CHECK (path ~ '^/'),
  bus       text COLLATE "C" NOT NULL,
  format    text COLLATE "C" NOT NULL CHECK (format IN ('raw', 'qcow2')),
  size_gib  integer CHECK (size_gib > 0),
  cache     text COLLATE "C" CHECK (cache IN ('none', 'writeback', 'writethrough', 'directsync', 'unsafe')),
  io        text COLLATE "C" CHECK (io IN ('native', 'threads', 'io_uring')),
  discard   text COLLATE "C" CHECK (discard IN ('unmap', 'ignore')),
  serial    text COLLATE "C" CHECK (serial <> ''),
  made      integer NOT NULL DEFAULT 0 CHECK (made IN (0, 1)),
  image     text COLLATE "C" CHECK (image ~ '^/'),
  image_how text COLLATE "C" CHECK (image_how IN ('copy', 'backing')),
  PRIMARY KEY (vm, target)
);

CREATE TABLE interface (
  host    text COLLATE "C" NOT NULL REFERENCES host (name) ON DELETE CASCADE DEFERRABLE,
  name    text COLLATE "C" NOT NULL CHECK (name ~ '^[a-z][a-z0-9]*$'),
  kind    text COLLATE "C" NOT NULL CHECK (kind IN ('bridge', 'direct', 'network', 'ovs')),
  source  text COLLATE "C" NOT NULL CHECK (source <> ''),
  mac     text COLLATE "C" NOT NULL UNIQUE CHECK (mac ~ '^..:..:..:..:..:..$'),
  model   text COLLATE "C" NOT NULL,
  vlan    integer CHECK (vlan BETWEEN 1 AND 4094),
  address text COLLATE "C" CHECK (address <> ''),
  PRIMARY KEY (host, name)
);

CREATE TABLE vm_gpu (
  vm        text COLLATE "C" NOT NULL,
  name      text COLLATE "C" NOT NULL CHECK (name = 'gpupci' OR name ~ '^gpupci[1-9]'),
  container text COLLATE "C" NOT NULL,
  gpu       text COLLATE "C",
  slice     integer CHECK (slice >= 0),
  uuid      text COLLATE "C" CHECK (uuid ~ '^.{8}-.{4}-.{4}-.{4}-.{12}$'),
  PRIMARY KEY (vm, name),
  UNIQUE (container, gpu, slice),
  UNIQUE (container, uuid),
  CHECK ((gpu IS NULL) <> (uuid IS NULL) AND (slice IS NULL OR uuid IS NULL)),
  FOREIGN KEY (vm, container) REFERENCES vm (host, container) DEFERRABLE,
  FOREIGN KEY (container, gpu) REFERENCES gpu (host, name) DEFERRABLE
);
CREATE UNIQUE INDEX card_whole_once ON vm_gpu (container, gpu) WHERE slice IS NULL;

CREATE TABLE attribute (
  appliance text COLLATE "C" REFERENCES appliance (name) DEFERRABLE,
  host      text COLLATE "C" REFERENCES host (name) ON DELETE CASCADE DEFERRABLE,
  name      text COLLATE "C" NOT NULL CHECK (name ~ '^[A-Za-z_][A-Za-z0-9_.-]*$'),
  value     text COLLATE "C" NOT NULL,
  CHECK (appliance IS NULL OR host IS NULL)
);
CREATE UNIQUE INDEX attribute_once ON attribute (coalesce(appliance, ''), coalesce(host, ''), name);
CREATE INDEX attribute_host ON attribute (host);
CREATE INDEX attribute_name ON attribute (name);

CREATE TABLE roll (
  name     text COLLATE "C" NOT NULL CHECK (name ~ '^[a-z][a-z0-9-]*$'),
  version  text COLLATE "C" NOT NULL CHECK (version ~ '^[0-9][A-Za-z0-9.+~]*$'),
  arch     text COLLATE "C" NOT NULL,
  enabled  integer NOT NULL DEFAULT 0 CHECK (enabled IN (0, 1)),
  checksum text COLLATE "C" NOT NULL CHECK (checksum ~ '^[0-9a-f]{64}$'),
  PRIMARY KEY (name, version)
);
CREATE UNIQUE INDEX roll_enabled_once ON roll (name) WHERE enabled = 1;

CREATE TABLE vm_definition (
  vm        text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES vm (host) ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE,
  uuid      text COLLATE "C" NOT NULL,
  container text COLLATE "C" NOT NULL,
  rendered  text COLLATE "C" NOT NULL,
  defined   text COLLATE "C" NOT NULL,
  libvirt   integer NOT NULL CHECK (libvirt >= 0)
);

CREATE TABLE domain_device (
  container text COLLATE "C" NOT NULL REFERENCES host (name) ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE,
  uuid      text COLLATE "C" NOT NULL,
  domain    text COLLATE "C" NOT NULL CHECK (domain <> ''),
  device    text COLLATE "C" NOT NULL CHECK (device <> ''),
  seen      text COLLATE "C" NOT NULL,
  PRIMARY KEY (container, uuid, device)
);

CREATE TABLE domain_capability (
  host    text COLLATE "C" NOT NULL REFERENCES host (name) ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE,
  machine text COLLATE "C" NOT NULL,
  libvirt integer NOT NULL CHECK (libvirt >= 0),
  facts   text COLLATE "C" NOT NULL,
  PRIMARY KEY (host, machine)
);

CREATE TABLE host_key (
  host    text COLLATE "C" NOT NULL REFERENCES host (name) ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE,
  type    text COLLATE "C" NOT NULL CHECK (type IN ('ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384',
                                                    'ecdsa-sha2-nistp521', 'ssh-rsa')),
  key     text COLLATE "C" NOT NULL CHECK (key ~ '^[A-Za-z0-9+/=]+$'),
  learned text COLLATE "C" NOT NULL,
  PRIMARY KEY (host, type)
);

CREATE TABLE host_agent (
  host     text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES host (name) ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE,
  version  text COLLATE "C" CHECK (version <> ''),
  seen     text COLLATE "C" NOT NULL,
  path     text COLLATE "C" NOT NULL CHECK (path ~ '^/'),
  checksum text COLLATE "C" CHECK (length(checksum) = 64)
);

-- --- what is seen

CREATE VIEW gpu_in_vm (vm, name, container, device, gpu, slice, uuid, place, pci, type, present) AS
SELECT vm, vm_gpu.name, container, coalesce(vm_gpu.uuid, vm_gpu.gpu || '.' || vm_gpu.slice, vm_gpu.gpu),
       coalesce(vm_gpu.gpu, mdev.gpu), vm_gpu.slice, vm_gpu.uuid,
       coalesce(vm_gpu.gpu || '.' || vm_gpu.slice, vm_gpu.gpu, mdev.parent),
       CASE WHEN vm_gpu.slice IS NULL THEN gpu.pci ELSE gpu_slice.pci END,
       coalesce(gpu_slice.type, mdev.type),
       CASE WHEN vm_gpu.uuid IS NOT NULL THEN CASE WHEN mdev.uuid IS NULL THEN 0 ELSE 1 END
            WHEN vm_gpu.slice IS NOT NULL THEN CASE WHEN gpu_slice.pci IS NULL THEN 0 ELSE 1 END
            ELSE 1 - gpu.missing END
FROM vm_gpu
LEFT JOIN gpu ON gpu.host = container AND gpu.name = vm_gpu.gpu
LEFT JOIN gpu_slice ON gpu_slice.host = container AND gpu_slice.gpu = vm_gpu.gpu AND
                       gpu_slice.number = vm_gpu.slice
LEFT JOIN mdev ON mdev.host = container AND mdev.uuid = vm_gpu.uuid;

CREATE VIEW host_gpu (host, name, shown, given) AS
SELECT host, name, pci, pci FROM gpu
UNION ALL
SELECT vm, name, coalesce(pci, device), CASE WHEN slice IS NULL THEN coalesce(pci, device) ELSE device END
FROM gpu_in_vm;

CREATE VIEW gpu_in_domain (container, gpu, slice, uuid, domain, device, seen) AS
SELECT container, gpu.name, CAST(NULL AS integer), there.uuid, domain, there.device, seen
FROM domain_device AS there JOIN gpu ON gpu.host = container AND
  (gpu.pci = there.device OR
   (substr(gpu.pci, 1, length(gpu.pci) - 1) = substr(there.device, 1, length(there.device) - 1) AND
    NOT EXISTS (SELECT 1 FROM gpu_function AS one WHERE one.host = gpu.host AND one.gpu = gpu.name)))
UNION
SELECT container, gpu, CAST(NULL AS integer), uuid, domain, there.device, seen
FROM domain_device AS there
JOIN gpu_function ON gpu_function.host = container AND gpu_function.pci = there.device
UNION
SELECT container, gpu, number, uuid, domain, there.device, seen
FROM domain_device AS there JOIN gpu_slice ON gpu_slice.host = container AND gpu_slice.pci = there.device
UNION
SELECT container, mdev.gpu, CAST(NULL AS integer), there.uuid, domain, there.device, seen
FROM domain_device AS there JOIN mdev ON mdev.host = container AND mdev.uuid = there.device
WHERE mdev.gpu IS NOT NULL;

-- --- what is refused
-- A rule refuses with SQLSTATE 23R01 and the name of its trigger as the constraint.

CREATE FUNCTION vm_is_not_a_container() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF (SELECT appliance FROM cluster.host WHERE name = NEW.container) = 'vm' THEN
    RAISE EXCEPTION USING ERRCODE = '23R01', CONSTRAINT = TG_NAME,
      MESSAGE = 'a VM runs on a physical host, not on another VM';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER vm_is_not_a_container BEFORE INSERT ON vm
FOR EACH ROW EXECUTE FUNCTION vm_is_not_a_container();
CREATE TRIGGER vm_moves_to_no_vm BEFORE UPDATE OF container ON vm
FOR EACH ROW EXECUTE FUNCTION vm_is_not_a_container();

CREATE FUNCTION gpu_is_not_of_a_vm() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF (SELECT appliance FROM cluster.host WHERE name = NEW.host) = 'vm' THEN
    RAISE EXCEPTION USING ERRCODE = '23R01', CONSTRAINT = TG_NAME,
      MESSAGE = 'a card belongs to a physical host; a VM is given one of its container';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER gpu_is_not_of_a_vm BEFORE INSERT ON gpu
FOR EACH ROW EXECUTE FUNCTION gpu_is_not_of_a_vm();

CREATE FUNCTION host_with_cards_or_vms_is_no_vm() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.appliance = 'vm' AND (EXISTS (SELECT 1 FROM cluster.gpu WHERE host = NEW.name) OR
                               EXISTS (SELECT 1 FROM cluster.vm WHERE container = NEW.name)) THEN
    RAISE EXCEPTION USING ERRCODE = '23R01', CONSTRAINT = TG_NAME,
      MESSAGE = 'a host with cards or VMs of its own is no VM';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER host_with_cards_or_vms_is_no_vm BEFORE UPDATE OF appliance ON host
FOR EACH ROW EXECUTE FUNCTION host_with_cards_or_vms_is_no_vm();

CREATE FUNCTION gpu_is_whole_or_in_slices() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (
    SELECT 1 FROM cluster.gpu_in_vm AS one JOIN cluster.gpu_in_vm AS other USING (container, gpu)
    WHERE one.vm = NEW.vm AND one.name = NEW.name AND (other.vm <> one.vm OR other.name <> one.name) AND
          ((one.slice IS NULL AND one.uuid IS NULL) OR (other.slice IS NULL AND other.uuid IS NULL) OR
           (one.place = other.place AND (one.uuid IS NULL OR other.uuid IS NULL)))) THEN
    RAISE EXCEPTION USING ERRCODE = '23R01', CONSTRAINT = TG_NAME,
      MESSAGE = 'a card is given whole or in slices';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER gpu_is_whole_or_in_slices AFTER INSERT ON vm_gpu
FOR EACH ROW EXECUTE FUNCTION gpu_is_whole_or_in_slices();

CREATE FUNCTION mdev_is_of_the_container() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT 1 FROM cluster.mdev WHERE uuid = NEW.uuid) AND
     NOT EXISTS (SELECT 1 FROM cluster.mdev WHERE uuid = NEW.uuid AND host = NEW.container) THEN
    RAISE EXCEPTION USING ERRCODE = '23R01', CONSTRAINT = TG_NAME,
      MESSAGE = 'the mediated device is of another host';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER mdev_is_of_the_container BEFORE INSERT ON vm_gpu
FOR EACH ROW EXECUTE FUNCTION mdev_is_of_the_container();

-- --- who may give cards
-- The attribute `owner`, of the VM or else of its container, names the roles that may give and take its cards: "alice"
-- or "alice, bob". A rule and no policy of row security: a policy would hide a row from DELETE, and the command would
-- say that there is none.

CREATE FUNCTION owner_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  -- Of a row that is changed, what it was counts, too: else an UPDATE would take the card of another's VM.
  sides json[] := CASE TG_OP WHEN 'INSERT' THEN ARRAY[row_to_json(NEW)] WHEN 'DELETE' THEN ARRAY[row_to_json(OLD)]
                             ELSE ARRAY[row_to_json(OLD), row_to_json(NEW)] END;
  here json;
  container text;
  owner text;
BEGIN
  FOREACH here IN ARRAY sides LOOP
    container := coalesce(here ->> 'container', here ->> 'host');
    owner := coalesce(
      (SELECT value FROM cluster.attribute AS a WHERE a.name = 'owner' AND a.host = here ->> 'vm'),
      (SELECT value FROM cluster.attribute AS a WHERE a.name = 'owner' AND a.host = container), '');
    IF NOT pg_has_role(session_user, 'cluster_operator', 'MEMBER') AND
       NOT pg_has_role(session_user, 'cluster_owner', 'MEMBER') AND
       NOT session_user = ANY (regexp_split_to_array(btrim(owner), '[ ,]+')) THEN
      RAISE EXCEPTION USING ERRCODE = '23R01', CONSTRAINT = TG_NAME, MESSAGE = format(
        'role %L is no operator, and the attribute owner of %L does not name it',
        session_user, coalesce(here ->> 'vm', container));
    END IF;
  END LOOP;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER owner_only BEFORE INSERT OR UPDATE OR DELETE ON vm_gpu
FOR EACH ROW EXECUTE FUNCTION owner_only();
CREATE TRIGGER owner_only BEFORE INSERT OR UPDATE OR DELETE ON vm_definition
FOR EACH ROW EXECUTE FUNCTION owner_only();
CREATE TRIGGER owner_only BEFORE INSERT OR UPDATE OR DELETE ON domain_device
FOR EACH ROW EXECUTE FUNCTION owner_only();
CREATE TRIGGER owner_only BEFORE INSERT OR UPDATE OR DELETE ON domain_capability
FOR EACH ROW EXECUTE FUNCTION owner_only();

-- --- one writer at a time
-- Rules look at rows that others must not change meanwhile. So whoever writes, psql included, takes this turn, which
-- is a queue. A table and no advisory lock: any reader could take that.

CREATE TABLE turn ();

CREATE FUNCTION one_writer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF current_setting('transaction_isolation') = 'repeatable read' THEN  -- it would look at what was before the lock
    RAISE EXCEPTION USING ERRCODE = '23R01', CONSTRAINT = TG_NAME,
      MESSAGE = 'write in READ COMMITTED or SERIALIZABLE';
  END IF;
  LOCK TABLE cluster.turn IN EXCLUSIVE MODE;
  RETURN NULL;
END $$;

-- --- who changed what; the triggers that write it are made of the tables after each migration

CREATE TABLE change (
  id        integer NOT NULL PRIMARY KEY CHECK (id > 0),
  at        text COLLATE "C" NOT NULL,
  login     text COLLATE "C" NOT NULL,  -- the role that logged in: PostgreSQL knows it
  sudo_user text COLLATE "C",           -- the account on the frontend: the program says it
  origin    text COLLATE "C",           -- the address of the frontend as PostgreSQL sees it, else what the program says
  command   text COLLATE "C" NOT NULL
);
CREATE INDEX change_at ON change (at);

CREATE TABLE change_row (
  number integer NOT NULL GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  change integer NOT NULL,
  place  text COLLATE "C" NOT NULL,
  host   text COLLATE "C",
  before text COLLATE "C",
  after  text COLLATE "C"
);
CREATE INDEX change_row_change ON change_row (change);
CREATE INDEX change_row_host ON change_row (host);

-- The change that a transaction makes; of the last one that wrote. Nobody but the owner's functions touches it.
CREATE TABLE change_now (
  id          integer NOT NULL,
  transaction xid8 NOT NULL
);

-- The number of the change that this transaction makes. The first call in a transaction begins it; that is in the turn.
CREATE FUNCTION change_of_now() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = cluster, pg_temp AS $$
DECLARE
  number integer;
  account text := coalesce(nullif(current_setting('cluster.sudo_user', true), ''),
                           nullif(nullif(current_setting('cluster.login', true), ''), session_user));
  days integer;
  oldest text;
BEGIN
  SELECT id INTO number FROM change_now WHERE transaction = pg_current_xact_id();
  IF FOUND THEN RETURN number; END IF;
  SELECT coalesce(max(id), 0) + 1 INTO number FROM change;
  DELETE FROM change_now;
  INSERT INTO change_now (id, transaction) VALUES (number, pg_current_xact_id());
  INSERT INTO change (id, at, login, sudo_user, origin, command)
  VALUES (number, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), session_user, account,
          coalesce(host(inet_client_addr()), nullif(current_setting('cluster.origin', true), '')),
          coalesce(nullif(current_setting('cluster.command', true), ''), current_setting('application_name')));
  SELECT CAST(value AS integer) INTO days FROM attribute
  WHERE name = 'change_days' AND appliance IS NULL AND host IS NULL AND value ~ '^[1-9][0-9]{0,5}$';
  oldest := to_char((now() - make_interval(days => coalesce(days, 365))) AT TIME ZONE 'UTC',
                    'YYYY-MM-DD"T"HH24:MI:SS"Z"');
  DELETE FROM change_row WHERE change IN (SELECT id FROM change WHERE at < oldest);
  DELETE FROM change WHERE at < oldest;
  RETURN number;
END $$;

-- What SQLite has under this name: one value of a row's JSON, by its path "$.NAME".
CREATE FUNCTION json_extract(document text, path text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS
$$ SELECT CAST(document AS json) ->> substr(path, 3) $$;
