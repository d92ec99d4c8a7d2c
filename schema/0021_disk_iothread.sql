-- The number of QEMU's I/O thread that a disk has; NULL: none of its own. SQLite and PostgreSQL both read this file.
ALTER TABLE vm_disk ADD COLUMN iothread INTEGER CHECK (iothread > 0);
