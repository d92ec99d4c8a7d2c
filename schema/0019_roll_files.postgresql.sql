-- What rolls say, for every frontend: the files of each, by the checksums of their bytes. An SQLite file has none of
-- this; there they are in folders beside it. Bytes are written before a roll names them, outside of the turn, and a
-- file that several versions share is there once. Neither table is part of the history.
CREATE TABLE roll_chunk (
  sha256 text COLLATE "C" NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),  -- of the whole file
  number integer NOT NULL CHECK (number >= 0),                         -- of the piece, from 0
  data   bytea NOT NULL,
  PRIMARY KEY (sha256, number)
);
ALTER TABLE roll_chunk ALTER COLUMN data SET STORAGE EXTERNAL;  -- archives of packages do not get smaller

CREATE TABLE roll_file (
  roll    text COLLATE "C" NOT NULL,
  version text COLLATE "C" NOT NULL,
  path    text COLLATE "C" NOT NULL CHECK (path <> ''),
  mode    integer NOT NULL CHECK (mode IN (420, 493)),                 -- 0644, 0755
  sha256  text COLLATE "C" NOT NULL,
  PRIMARY KEY (roll, version, path),
  FOREIGN KEY (roll, version) REFERENCES roll (name, version) ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE
);
CREATE INDEX roll_file_sha256 ON roll_file (sha256);
