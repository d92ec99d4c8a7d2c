-- What the libvirt and QEMU of a host have for one kind of domain, as libvirt told when it was asked.
CREATE TABLE domain_capability (
  host    TEXT NOT NULL REFERENCES host (name) ON DELETE CASCADE ON UPDATE CASCADE,
  machine TEXT NOT NULL,                          -- "kvm x86_64 q35 /usr/bin/qemu-system-x86_64"
  libvirt INTEGER NOT NULL CHECK (libvirt >= 0),  -- the version that told it: 9000000 is 9.0.0
  facts   TEXT NOT NULL,                          -- a line a kind: "video/modelType vga cirrus none"
  PRIMARY KEY (host, machine)
) STRICT;
