-- Nothing: the session's table of keys taken out of the log; empty at every commit.
CREATE TEMP TABLE taken (table_id integer NOT NULL, key text) ON COMMIT DELETE ROWS
