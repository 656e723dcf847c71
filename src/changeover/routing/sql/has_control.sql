-- One row: whether the control state of a move is here, and whether this is a side of a move at all.
-- The catalog is asked, because it answers a role without rights in our schema too.
SELECT
  EXISTS (
    SELECT FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE n.nspname OPERATOR(pg_catalog.=) 'changeover'
      AND c.relname OPERATOR(pg_catalog.=) 'control'
  ) AS has_control,
  EXISTS (
    SELECT FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE n.nspname OPERATOR(pg_catalog.=) 'changeover'
      AND c.relname OPERATOR(pg_catalog.=) 'side'
  ) AS has_side
