-- When `sync host gpu` last left the card as it is to be, and `sync vm config` the VM: "2026-11-21T01:20:00Z". SQLite and
-- PostgreSQL both read this file.
ALTER TABLE gpu ADD COLUMN synced_seen TEXT;
ALTER TABLE vm_definition ADD COLUMN synced_seen TEXT;
