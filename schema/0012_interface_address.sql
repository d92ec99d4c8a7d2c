-- The addresses that the guest gives its interface, "10.1.0.5/24,fd00::5/64". NULL: DHCP tells it one.
ALTER TABLE interface ADD COLUMN address TEXT CHECK (address <> '');
