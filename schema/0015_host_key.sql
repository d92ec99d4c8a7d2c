-- The public keys by which sshd of a host shows that it is that host. They count before known_hosts.
CREATE TABLE host_key (
  host    TEXT NOT NULL REFERENCES host (name) ON DELETE CASCADE ON UPDATE CASCADE,
  type    TEXT NOT NULL CHECK (type IN ('ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384',
                                        'ecdsa-sha2-nistp521', 'ssh-rsa')),
  key     TEXT NOT NULL CHECK (key <> '' AND key NOT GLOB '*[^A-Za-z0-9+/=]*'),  -- as known_hosts has it
  learned TEXT NOT NULL,                                                         -- "2026-11-28T05:00:00Z"
  PRIMARY KEY (host, type)
) STRICT;
