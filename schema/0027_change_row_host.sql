-- Each row of the history was put into this index, which answers one question: of which hosts there is a history. Who asks
-- it reads all rows of it anyway. SQLite and PostgreSQL both read this file.
DROP INDEX change_row_host;
