-- Foreign keys have no index of their own: these let a question about one host or one card read its rows alone.
CREATE INDEX vm_container ON vm (container);
CREATE INDEX gpu_function_gpu ON gpu_function (host, gpu, pci);
CREATE INDEX attribute_host ON attribute (host);
CREATE INDEX mdev_uuid ON mdev (uuid);
