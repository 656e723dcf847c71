-- Per role with prepared transactions in this database: how many, and the age of the oldest.
SELECT p.owner::text AS owner, pg_catalog.count(*) AS number,
  EXTRACT(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.min(p.prepared))::float8 AS age_s
FROM pg_catalog.pg_prepared_xacts AS p
WHERE p.database = pg_catalog.current_database()
GROUP BY p.owner
ORDER BY p.owner
