-- How QEMU treats a disk; NULL: QEMU's choice. The words are libvirt's, <driver> and <serial> of a <disk>.
ALTER TABLE vm_disk ADD COLUMN cache TEXT
  CHECK (cache IN ('none', 'writeback', 'writethrough', 'directsync', 'unsafe'));
ALTER TABLE vm_disk ADD COLUMN io TEXT CHECK (io IN ('native', 'threads', 'io_uring'));
ALTER TABLE vm_disk ADD COLUMN discard TEXT CHECK (discard IN ('unmap', 'ignore'));
ALTER TABLE vm_disk ADD COLUMN serial TEXT CHECK (serial <> '');
-- 1: the image was there at a start, so nobody makes an empty one in its place.
ALTER TABLE vm_disk ADD COLUMN made INTEGER NOT NULL DEFAULT 0 CHECK (made IN (0, 1));

-- The partition of NVIDIA's fabric manager that the VM's GPUs are. NULL: none is asked for.
ALTER TABLE vm ADD COLUMN fabric INTEGER CHECK (fabric >= 0);
