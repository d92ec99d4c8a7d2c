-- What a card is to be while no VM holds it. NULL: nobody said.
ALTER TABLE gpu ADD COLUMN wish TEXT CHECK (wish IN ('host', 'detached'));
-- What its functions were driven by, in the order of their addresses: "nvidia snd_hda_intel", "-" without a driver.
ALTER TABLE gpu ADD COLUMN driver TEXT;
-- When the host told of each fact, "2026-11-21T01:20:00Z": the driver, whether the card is there, the check.
ALTER TABLE gpu ADD COLUMN driver_seen TEXT;
ALTER TABLE gpu ADD COLUMN present_seen TEXT;
ALTER TABLE gpu ADD COLUMN failing_seen TEXT;
ALTER TABLE host ADD COLUMN failing_seen TEXT;

-- Why the host gets no VM and starts none; '': no reason was given. NULL: it is in use.
ALTER TABLE host ADD COLUMN maintenance TEXT;
