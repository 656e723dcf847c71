-- Per active cron job of this database: number, name (empty before pg_cron 1.3), command.
SELECT j.jobid::bigint AS number, COALESCE(pg_catalog.to_jsonb(j) ->> 'jobname', '') AS name,
  j.command::text AS command
FROM cron.job AS j
WHERE j.active AND j.database = pg_catalog.current_database()
ORDER BY j.jobid
