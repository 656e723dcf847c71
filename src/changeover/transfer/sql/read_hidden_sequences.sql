-- One row per sequence of the schemas %(schemas)s whose value our role may not read: its name.
-- CASE keeps the planner from asking about relations that are no sequences.
SELECT n.nspname || '.' || c.relname
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s::text[])
  AND CASE WHEN c.relkind = 'S'
    THEN NOT pg_catalog.has_sequence_privilege(c.oid, 'USAGE,SELECT') ELSE false END
