-- Who changed what. `change` has a row for each transaction that changed something, `change_row` one for each row that
-- it added, changed or removed. Triggers write the latter, so that a program that is not ours is seen, too; they are
-- made of the tables after each migration (db/sqlite_history.cc).
CREATE TABLE change (
  id        INTEGER NOT NULL PRIMARY KEY CHECK (id > 0),
  at        TEXT NOT NULL,          -- "2026-11-21T01:20:00Z"
  login     TEXT NOT NULL,          -- the account that ran the command
  sudo_user TEXT,                   -- who became it by sudo
  origin    TEXT,                   -- the address by which he came, or his terminal
  command   TEXT NOT NULL           -- without secrets
) STRICT;
CREATE INDEX change_at ON change (at);

CREATE TABLE change_row (
  number  INTEGER NOT NULL PRIMARY KEY,
  change  INTEGER NOT NULL,         -- 0: by another program
  place   TEXT NOT NULL,            -- the table
  host    TEXT,                     -- whose row it is
  before  TEXT,                     -- the row in JSON; NULL: it was added
  after   TEXT                      -- NULL: it was removed
) STRICT;
CREATE INDEX change_row_change ON change_row (change);
CREATE INDEX change_row_host ON change_row (host);

-- The change that is being made; 0 while none of our commands writes; NULL: nothing is to be written down.
CREATE TABLE change_now (id INTEGER) STRICT;
INSERT INTO change_now (id) VALUES (0);
