-- One row: how many locks the shared lock table is made for, and how many of one transaction.
SELECT
  pg_catalog.current_setting('max_locks_per_transaction')::bigint AS each,
  pg_catalog.current_setting('max_locks_per_transaction')::bigint * (
    pg_catalog.current_setting('max_connections')::bigint
    + pg_catalog.current_setting('max_prepared_transactions')::bigint
  ) AS room
