-- What a disk is made of at the VM's first start, a file of its container; NULL: an empty disk. 'copy': the disk is a
-- copy of it. 'backing': the disk has only what differs from it.
ALTER TABLE vm_disk ADD COLUMN image TEXT CHECK (image GLOB '/*');
ALTER TABLE vm_disk ADD COLUMN image_how TEXT CHECK (image_how IN ('copy', 'backing'));
