-- Nothing: books one table of a verification.
INSERT INTO changeover.verification (run_id, table_id, epoch, started_at, finished_at, rows_source,
  rows_target, missing, extra, different, orphans, unsettled)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
