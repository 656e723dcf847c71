-- One row: the longest time that a statement of this transaction may take, as it was set.
SELECT pg_catalog.set_config('statement_timeout', %(statement_timeout_ms)s, true) AS timeout
