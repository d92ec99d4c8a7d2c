-- What schema/0020_network.sql makes of an SQLite file, which has the comments.
ALTER TABLE host ADD COLUMN jump text COLLATE "C" CHECK (jump <> '');
DROP INDEX host_address;
CREATE UNIQUE INDEX host_address ON host (address, coalesce(port, 22), coalesce(jump, ''));

CREATE TABLE network (
  name    text COLLATE "C" NOT NULL PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_-]*$'),
  subnet  text COLLATE "C" NOT NULL CHECK (subnet ~ '^.+/[0-9]'),
  gateway text COLLATE "C" CHECK (gateway <> ''),
  vlan    integer CHECK (vlan BETWEEN 1 AND 4094),
  mtu     integer CHECK (mtu BETWEEN 68 AND 65535),
  zone    text COLLATE "C" CHECK (zone <> '')
);

ALTER TABLE host ADD COLUMN network text COLLATE "C" REFERENCES network (name) DEFERRABLE;
ALTER TABLE interface ADD COLUMN network text COLLATE "C" REFERENCES network (name) DEFERRABLE;
ALTER TABLE host ADD COLUMN mac text COLLATE "C" CHECK (mac ~ '^..:..:..:..:..:..$');
CREATE UNIQUE INDEX host_mac ON host (mac);

CREATE FUNCTION appliance_is_needed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF OLD.name IN ('frontend', 'compute', 'vm-container', 'vm') THEN
    RAISE EXCEPTION USING ERRCODE = '23R01', CONSTRAINT = TG_NAME, MESSAGE = 'this appliance is always there';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER appliance_is_needed BEFORE DELETE ON appliance
FOR EACH ROW EXECUTE FUNCTION appliance_is_needed();
