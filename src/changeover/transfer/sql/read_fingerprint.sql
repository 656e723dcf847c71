-- One row of numbers, another one as soon as a catalog row that read_shape or read_new_tables looks at was
-- written, added or removed. A row's version is known by who wrote it, hence xmin; VACUUM and ANALYZE
-- write in place. Temporary tables are left out: they come and go.
SELECT
  (SELECT pg_catalog.sum(pg_catalog.hashtextextended(m.xmin::text, m.table_id))
   FROM changeover.moved_table AS m) AS tables,
  (SELECT pg_catalog.sum(pg_catalog.hashtextextended(n.xmin::text, n.oid::bigint))
   FROM pg_catalog.pg_namespace AS n
   WHERE n.nspname !~ '^pg_(toast_)?temp_') AS schemas,
  (SELECT pg_catalog.sum(pg_catalog.hashtextextended(c.xmin::text, c.oid::bigint))
   FROM pg_catalog.pg_class AS c
   WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't') AS classes,
  (SELECT pg_catalog.sum(pg_catalog.hashtextextended(
     a.xmin::text, a.attrelid::bigint * 65536 + a.attnum))
   FROM changeover.moved_table AS m
   JOIN pg_catalog.pg_attribute AS a ON a.attrelid = m.relation
   WHERE a.attrelid >= 16384 AND a.attnum > 0) AS columns,
  (SELECT pg_catalog.sum(pg_catalog.hashtextextended(e.xmin::text, e.oid::bigint))
   FROM pg_catalog.pg_enum AS e) AS labels,
  (SELECT pg_catalog.sum(pg_catalog.hashtextextended(t.xmin::text, t.oid::bigint))
   FROM pg_catalog.pg_trigger AS t) AS triggers,
  (SELECT pg_catalog.sum(pg_catalog.hashtextextended(p.xmin::text, p.oid::bigint))
   FROM pg_catalog.pg_proc AS p
   WHERE p.pronamespace = 'changeover'::pg_catalog.regnamespace) AS functions,
  (SELECT pg_catalog.sum(pg_catalog.hashtextextended(i.xmin::text, i.inhrelid::bigint))
   FROM pg_catalog.pg_inherits AS i) AS parents,
  (SELECT pg_catalog.sum(pg_catalog.hashtextextended(r.xmin::text, r.srrelid::bigint))
   FROM pg_catalog.pg_subscription_rel AS r) AS subscriptions,
  (SELECT pg_catalog.sum(pg_catalog.hashtextextended(d.xmin::text, d.objid::bigint))
   FROM pg_catalog.pg_depend AS d
   WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e') AS extensions
