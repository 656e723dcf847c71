-- One row: the cluster's system identifier and timeline, as text.
SELECT s.system_identifier::text AS system, c.timeline_id::text AS timeline
FROM pg_catalog.pg_control_system() AS s, pg_catalog.pg_control_checkpoint() AS c
