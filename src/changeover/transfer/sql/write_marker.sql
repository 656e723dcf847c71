-- One row: the number of the marker just written.
INSERT INTO changeover.marker AS m (side, number, content)
VALUES (%(side)s, 1, %(content)s)
ON CONFLICT (side) DO UPDATE
SET number = m.number + 1, content = excluded.content, written_at = pg_catalog.clock_timestamp()
RETURNING m.number
