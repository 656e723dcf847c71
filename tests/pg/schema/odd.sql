-- A source whose names, types and objects break lesser tools.
CREATE SCHEMA "Схема %s ""q""";
CREATE TYPE mood AS ENUM ('грусть', 'it''s', 'a,b');
CREATE DOMAIN "Домен" AS text CHECK (value <> '') DEFAULT 'x';
CREATE TYPE pair AS (a int, b text);
CREATE TYPE floats AS RANGE (subtype = float8);
CREATE SEQUENCE "Счёт" INCREMENT 5 MINVALUE 10 CACHE 3 CYCLE;
CREATE TABLE "Тест %s ""x"" $1" (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "кол %" "Домен", m mood[] DEFAULT '{грусть}', c pair, r floats,
  n int DEFAULT nextval('"Счёт"'),
  "user" text COLLATE "C" DEFAULT 'a''b',
  g text GENERATED ALWAYS AS (upper("user")) STORED,
  EXCLUDE USING gist (r WITH &&)
);
COMMENT ON TABLE "Тест %s ""x"" $1" IS 'a comment; TABLE public other postgres';
COMMENT ON COLUMN "Тест %s ""x"" $1"."кол %" IS 'ё';
CREATE TABLE "Схема %s ""q"""."order" (
  a int, b text, "c.d" int NOT NULL, PRIMARY KEY (a, b),
  parent_a int, parent_b text,
  CONSTRAINT "self %" FOREIGN KEY (parent_a, parent_b) REFERENCES "Схема %s ""q"""."order"
    ON DELETE SET NULL (parent_b) DEFERRABLE INITIALLY DEFERRED
);
CREATE UNIQUE INDEX "Индекс" ON "Схема %s ""q"""."order" (lower(b), "c.d" DESC) WHERE a > 0;
CREATE INDEX ON "Схема %s ""q"""."order" USING hash (b);
CREATE INDEX with_more ON "Схема %s ""q"""."order" (a DESC NULLS LAST) INCLUDE (b);
CREATE TABLE event (
  id bigserial, at timestamptz NOT NULL, kind mood, PRIMARY KEY (id, at), UNIQUE (kind, at)
) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2025-01-01+00') TO ('2025-02-01+00');
CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM ('2025-02-01+00') TO ('2025-03-01+00');
CREATE INDEX event_kind ON event (kind);
CREATE TABLE event_note (
  id int PRIMARY KEY, event_id bigint, at timestamptz, FOREIGN KEY (event_id, at) REFERENCES event
);
CREATE TABLE keyless (a int NOT NULL, b int NOT NULL);
CREATE UNIQUE INDEX keyless_pair ON keyless (a, b);
CREATE TABLE dropped (id int PRIMARY KEY, gone text, kept text);
ALTER TABLE dropped DROP COLUMN gone, ADD CONSTRAINT "later" CHECK (kept <> '') NOT VALID;
ALTER TABLE dropped CLUSTER ON dropped_pkey, REPLICA IDENTITY FULL;
CREATE VIEW by_key AS SELECT id, kept, count(*) FROM dropped GROUP BY id;
CREATE MATERIALIZED VIEW heap AS SELECT id, kept FROM dropped GROUP BY id;
CREATE UNIQUE INDEX heap_id ON heap (id);
CREATE VIEW of_heap WITH (security_barrier) AS SELECT * FROM heap WHERE kept IS NOT NULL;
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT a';
CREATE FUNCTION f(a text, "б" int DEFAULT 5) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END;
CREATE FUNCTION f(VARIADIC a mood[]) RETURNS SETOF pair LANGUAGE plpgsql SET search_path = ''
  AS $$ BEGIN RETURN; END /*
\restrict me
-- Dumped from database version 1
*/ $$;
CREATE PROCEDURE p(INOUT a int) LANGUAGE plpgsql AS $$ BEGIN a := 1; END $$;
CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
CREATE TRIGGER "Тр %" BEFORE UPDATE OF "c.d" ON "Схема %s ""q"""."order" FOR EACH ROW
  WHEN (new.a > 1) EXECUTE FUNCTION touch('ё', '%s');
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON dropped DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE dropped ENABLE ALWAYS TRIGGER late;
CREATE TRIGGER off AFTER DELETE ON dropped FOR EACH STATEMENT EXECUTE FUNCTION touch();
ALTER TABLE dropped DISABLE TRIGGER off;
CREATE TRIGGER on_event AFTER INSERT ON event FOR EACH ROW EXECUTE FUNCTION touch();
CREATE RULE notify AS ON DELETE TO keyless DO ALSO NOTIFY gone;
CREATE STATISTICS many ON a, b FROM keyless;
ALTER TABLE dropped ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "Пол %" ON dropped AS RESTRICTIVE FOR UPDATE USING (id > 0) WITH CHECK (id > 1);
