-- One row: whether the database has pg_cron's table of jobs.
SELECT pg_catalog.to_regclass('cron.job') IS NOT NULL AS has_cron
