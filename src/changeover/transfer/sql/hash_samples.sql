-- One row per literal row of many types: its hashes. Both servers must agree on every one.
SELECT {first}, {second}, {bucket}
FROM (VALUES
  (ROW(1::smallint, (-2)::integer, 9223372036854775807::bigint, true, NULL::text, '')::text),
  (ROW('NaN'::numeric, 1.0::numeric, 1.00::numeric, 1e-400::numeric, -12.5::numeric)::text),
  (ROW(0.1::float8, '-0'::float8, 'Infinity'::float8, 1e22::float8, 1.1::float4)::text),
  (ROW('2024-02-29'::date, 'infinity'::date, '0044-03-15 BC'::date, '24:00'::time)::text),
  (ROW('2024-02-29 12:00:00.000001+03'::timestamptz, '-infinity'::timestamp)::text),
  (ROW('1 year -2 mons 3 days -04:05:06.7'::interval, '\x00ff'::bytea, B'0101'::varbit)::text),
  (ROW('a"b\c,(d)'::text, 'пример'::text, '日本', E'line\n\ttab'::varchar, ' x '::char(5))::text),
  (ROW(ARRAY['a,b', NULL, 'NULL', '', 'q"q', E'b\\s']::text[], ARRAY[[1,2],[3,4]]::int[])::text),
  (ROW('{{"b": 1, "a":  [1.0, null]}}'::json, '{{"b": 1, "a": [1.0, null], "a": 2}}'::jsonb)::text),
  (ROW('00000000-0000-0000-0000-0000000000ff'::uuid, '10.0.0.0/8'::inet, '[1,5)'::int4range)::text),
  (ROW(pg_catalog.to_tsvector('pg_catalog.simple', 'the quick fox'), '(1.5,2)'::point)::text),
  (ROW(pg_catalog.repeat('я', 1000), pg_catalog.repeat('0', 4096))::text),
  (''::text)
) AS v (plain), LATERAL (SELECT v.plain COLLATE "C" AS content) AS r
