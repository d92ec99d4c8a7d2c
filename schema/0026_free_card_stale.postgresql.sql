-- What this version changes is SQLite's alone.
COMMENT ON TABLE free_card_stale IS 'the hosts whose free cards are to be counted anew';
