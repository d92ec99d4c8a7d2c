-- 1: what needs root runs by sudo on the host, whose login user is not root. NULL: attribute ssh_sudo says.
ALTER TABLE host ADD COLUMN sudo INTEGER CHECK (sudo IN (0, 1));
-- A question about one attribute of all owners, such as ssh_sudo, reads its rows alone.
CREATE INDEX attribute_name ON attribute (name);
