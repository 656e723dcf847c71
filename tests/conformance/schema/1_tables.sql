-- Tables of a made-up world of harbours and ships: every kind of key, and what reads need.
CREATE SCHEMA api;
CREATE SCHEMA other;
CREATE SCHEMA private;
CREATE SCHEMA extra;

CREATE TYPE api.state AS ENUM ('open', 'closed', 'ruined');
CREATE TYPE api.point2 AS (x int, y text);
CREATE DOMAIN api.grade AS text DEFAULT 'C';

CREATE TABLE api.harbour (
  id int PRIMARY KEY,
  name text NOT NULL UNIQUE,
  depth numeric(6,2),
  opened date,
  tags text[],
  facts jsonb,
  status api.state,
  hours int4range,
  is_free boolean
);
INSERT INTO api.harbour VALUES
  (1, 'Alta', 12.50, '1901-05-01', '{deep,ice}',
   '{"cranes": 4, "owner": {"name": "City"}, "piers": [10, 20, 30]}', 'open', '[6,22)', true),
  (2, 'Brek', 7.10, NULL, '{}', '{"cranes": 0, "owner": null, "piers": []}', 'closed', '[8,12)', false),
  (3, 'Corr', NULL, '1950-01-31', '{ice}', NULL, 'open', '[12,20)', NULL),
  (4, 'Dunn', 7.10, '2000-12-31', NULL, '[1, 2]', 'ruined', NULL, true);

CREATE TABLE api.ship (
  id int PRIMARY KEY,
  name text NOT NULL,
  harbour_id int REFERENCES api.harbour,
  tonnage numeric,
  built int
);
INSERT INTO api.ship VALUES
  (1, 'Aurora', 1, 100.50, 1990),
  (2, 'Borealis', 1, 200.00, 1995),
  (3, 'Calypso', 2, 50.25, NULL),
  (4, 'Dorado', NULL, NULL, 2001);

CREATE TABLE api.cargo (
  id int PRIMARY KEY,
  ship_id int REFERENCES api.ship,
  kind text,
  weight numeric,
  price int
);
INSERT INTO api.cargo VALUES
  (1, 1, 'coal', 10.5, 100), (2, 1, 'salt', 2.0, 50), (3, 2, 'coal', 7.25, 70),
  (4, 3, 'salt', 1.0, NULL), (5, NULL, 'fish', 3.0, 30);

-- One-to-one by a unique constraint, and by a primary key.
CREATE TABLE api.captain (id int PRIMARY KEY, name text, ship_id int UNIQUE REFERENCES api.ship);
INSERT INTO api.captain VALUES (1, 'Ada', 1), (2, 'Bob', 2), (3, 'Cyd', NULL);
CREATE TABLE api.licence (captain_id int PRIMARY KEY REFERENCES api.captain, grade text);
INSERT INTO api.licence VALUES (1, 'A'), (2, 'B');

-- A self reference; many-to-many; a unique index that is no constraint.
CREATE TABLE api.sailor (id int PRIMARY KEY, name text, mentor_id int REFERENCES api.sailor);
INSERT INTO api.sailor VALUES (1, 'Sam', NULL), (2, 'Tom', 1), (3, 'Uma', 1), (4, 'Vic', 2);
CREATE TABLE api.crew (
  ship_id int REFERENCES api.ship,
  sailor_id int REFERENCES api.sailor,
  since date,
  PRIMARY KEY (ship_id, sailor_id)
);
INSERT INTO api.crew VALUES
  (1, 1, '2020-01-01'), (1, 2, '2021-01-01'), (2, 2, '2022-01-01'), (3, 3, NULL);
CREATE TABLE api.badge (id int PRIMARY KEY, sailor_id int REFERENCES api.sailor);
CREATE UNIQUE INDEX ON api.badge (sailor_id);
INSERT INTO api.badge VALUES (10, 1), (20, 2);

-- A junction whose key columns are not all in its primary key is none.
CREATE TABLE api.sighting (
  id int PRIMARY KEY,
  sailor_id int REFERENCES api.sailor,
  harbour_id int REFERENCES api.harbour
);
INSERT INTO api.sighting VALUES (1, 1, 1), (2, 1, 2);

-- Two junctions between the same tables; two keys to the same table.
CREATE TABLE api.skill (id int PRIMARY KEY, name text);
CREATE TABLE api.learned (
  sailor_id int REFERENCES api.sailor, skill_id int REFERENCES api.skill,
  PRIMARY KEY (sailor_id, skill_id)
);
CREATE TABLE api.taught (
  sailor_id int REFERENCES api.sailor, skill_id int REFERENCES api.skill,
  PRIMARY KEY (sailor_id, skill_id)
);
INSERT INTO api.skill VALUES (1, 'knots'), (2, 'stars');
INSERT INTO api.learned VALUES (2, 1), (2, 2), (3, 2);
INSERT INTO api.taught VALUES (1, 1), (1, 2);
CREATE TABLE api.route (
  id int PRIMARY KEY,
  name text,
  from_id int REFERENCES api.harbour,
  to_id int REFERENCES api.harbour
);
INSERT INTO api.route VALUES (1, 'north', 1, 2), (2, 'south', 2, 3), (3, 'loop', 1, 1);

-- A key of two columns.
CREATE TABLE api.cabin (
  ship_id int REFERENCES api.ship, number int, beds int, PRIMARY KEY (ship_id, number)
);
INSERT INTO api.cabin VALUES (1, 1, 2), (1, 2, 4), (2, 1, 1);
CREATE TABLE api.booking (
  id int PRIMARY KEY, guest text, ship_id int, cabin_number int,
  FOREIGN KEY (ship_id, cabin_number) REFERENCES api.cabin
);
INSERT INTO api.booking VALUES (1, 'Xen', 1, 1), (2, 'Yan', 1, 1), (3, 'Zoe', 2, 1), (4, 'Wim', NULL, NULL);

CREATE TABLE api.voyage (
  id int, day date, ship_id int REFERENCES api.ship, PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE TABLE api.voyage_2024 PARTITION OF api.voyage FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE api.voyage_2025 PARTITION OF api.voyage FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO api.voyage VALUES (1, '2024-03-01', 1), (2, '2025-03-01', 1), (3, '2025-04-01', 2);
CREATE TABLE api.logbook (
  id int PRIMARY KEY, line text, voyage_id int, voyage_day date,
  FOREIGN KEY (voyage_id, voyage_day) REFERENCES api.voyage
);
INSERT INTO api.logbook VALUES (1, 'calm', 1, '2024-03-01'), (2, 'storm', 2, '2025-03-01');

CREATE TABLE api.notice (id int PRIMARY KEY, body text, words tsvector, meta jsonb);
INSERT INTO api.notice VALUES
  (1, 'The cats are sailing', to_tsvector('english', 'The cats are sailing'), '{"t": "boats"}'),
  (2, 'A dog barks loudly', to_tsvector('english', 'A dog barks loudly'), '{"t": "dogs"}'),
  (3, NULL, NULL, NULL);

CREATE TABLE api."odd table" (
  "order" int PRIMARY KEY, "a.b" text, "with space" text, "co,mma" text, "UPPER" text,
  "q""uote" text, "pa(r)en" text, "and" int, "übung" text, "a-b" text, "$dollar" text
);
INSERT INTO api."odd table" VALUES
  (1, 'dot', 'blank', 'comma', 'upper', 'quote', 'paren', 5, 'umlaut', 'dash', 'usd'),
  (2, 'dot2', 'blank, "two"', 'c(2)', 'UP.2', 'q\2', 'p:2', 6, 'ü', '-', '$');

CREATE TABLE api.typed (
  id int PRIMARY KEY, big bigint, num numeric, dbl double precision, ok boolean, day date,
  at timestamp, atz timestamptz, span interval, raw bytea, doc json, docb jsonb, ints int[],
  texts text[], during int4range, ip inet, place point, pair api.point2, mood api.state,
  mark api.grade, uid uuid, bits bit(3), code char(3), money numeric(10,2)
);
INSERT INTO api.typed VALUES (
  1, 9223372036854775807, 1.10, 0.30000000000000004, true, '2024-01-02',
  '2024-01-02 03:04:05.120', '2024-01-02 03:04:05+00', '1 day 02:03:04', '\xdeadbeef',
  '{"b":  1, "a": [1,2]}', '{"b": 1, "a": [1, 2]}', '{1,NULL,3}', '{"a,b","c\"d",NULL}',
  '[1,5)', '10.0.0.1/24', '(1,2)', '(7,q)', 'open', 'B',
  '00000000-0000-4000-8000-000000000001', '101', 'ab', 5.00
), (2, NULL, 'NaN', 'Infinity', false, 'infinity', NULL, NULL, NULL, NULL, NULL, NULL, '{}', '{}',
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- A computed relationship that stands in the place of a foreign key.
CREATE TABLE api.tower (id int PRIMARY KEY, name text);
CREATE TABLE api.lamp (id int PRIMARY KEY, tower_id int REFERENCES api.tower);
INSERT INTO api.tower VALUES (1, 'east'), (2, 'west');
INSERT INTO api.lamp VALUES (1, 1);

CREATE TABLE other.harbour (id int PRIMARY KEY, title text);
INSERT INTO other.harbour VALUES (1, 'Elsewhere');
CREATE TABLE private.vault (id int PRIMARY KEY, harbour_id int REFERENCES api.harbour, secret text);
INSERT INTO private.vault VALUES (1, 2, 'gold');
