-- One row: whether this server replays another one's log and may lag behind it.
SELECT pg_catalog.pg_is_in_recovery()
