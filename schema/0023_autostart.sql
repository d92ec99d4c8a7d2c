-- Whether the inventory said at the last sync that a VM starts with its container, and whether it did so there afterwards:
-- what was changed since is asked about. NULL: nobody knows. SQLite and PostgreSQL both read this file.
ALTER TABLE vm_definition ADD COLUMN autostart_said INTEGER CHECK (autostart_said IN (0, 1));
ALTER TABLE vm_definition ADD COLUMN autostart_there INTEGER CHECK (autostart_there IN (0, 1));
