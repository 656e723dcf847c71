-- Plans one range; no rows are returned.
INSERT INTO changeover.checkpoint (table_id, range_id, lower_bound, upper_bound)
VALUES (%(table_id)s, %(range_id)s, %(lower)s, %(upper)s)
