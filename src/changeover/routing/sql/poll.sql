-- One row: what a client must obey, as JSON; $1 is what it tells of itself, or NULL to look only.
SELECT changeover.poll($1::jsonb)
