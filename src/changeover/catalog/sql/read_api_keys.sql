-- One JSON object: the primary keys and the foreign keys of all schemas, by the tables' oids and the
-- columns' numbers; of foreign keys those that partitions have from their parents are left out.
SELECT pg_catalog.json_build_object(
  'primary', COALESCE((
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
      'table', p.conrelid::bigint, 'numbers', pg_catalog.to_json(p.conkey)))
    FROM pg_catalog.pg_constraint AS p
    JOIN pg_catalog.pg_namespace AS n ON n.oid = p.connamespace
    WHERE p.contype = 'p' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  ), '[]'),
  'foreign', COALESCE((
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
      'id', k.oid::bigint,
      'constraint', k.conname,
      'table', k.conrelid::bigint,
      'name', pg_catalog.json_build_object('schema', n.nspname, 'name', c.relname),
      'numbers', own.numbers,
      'columns', own.names,
      'referenced_table', k.confrelid::bigint,
      'referenced_name', pg_catalog.json_build_object('schema', fn.nspname, 'name', f.relname),
      'referenced_numbers', theirs.numbers,
      'referenced_columns', theirs.names,
      -- Its columns are exactly those of a primary key or unique constraint: one row at most.
      'is_one_to_one', EXISTS (
        SELECT FROM pg_catalog.pg_constraint AS u
        WHERE u.conrelid = k.conrelid AND u.contype IN ('p', 'u')
          AND u.conkey OPERATOR(pg_catalog.@>) k.conkey
          AND u.conkey OPERATOR(pg_catalog.<@) k.conkey)
    ) ORDER BY k.oid)
    FROM pg_catalog.pg_constraint AS k
    JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_class AS f ON f.oid = k.confrelid
    JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.relnamespace
    CROSS JOIN LATERAL (
      SELECT pg_catalog.json_agg(a.attnum ORDER BY p.place) AS numbers,
        pg_catalog.json_agg(a.attname ORDER BY p.place) AS names
      FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS p (number, place)
      JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = p.number
    ) AS own
    CROSS JOIN LATERAL (
      SELECT pg_catalog.json_agg(a.attnum ORDER BY p.place) AS numbers,
        pg_catalog.json_agg(a.attname ORDER BY p.place) AS names
      FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS p (number, place)
      JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = p.number
    ) AS theirs
    WHERE k.contype = 'f' AND k.conparentid = 0
  ), '[]')
)::text AS keys
