-- Script, run by the owner on each side: the schema, the side's row, the fence, the log, the books.
CREATE SCHEMA IF NOT EXISTS changeover;
COMMENT ON SCHEMA changeover IS 'Changeover: capture, fence and books of a move in progress';

CREATE TABLE IF NOT EXISTS changeover.side (
  is_single boolean PRIMARY KEY DEFAULT true CHECK (is_single),
  side text NOT NULL CHECK (side IN ('source', 'target')),
  version integer NOT NULL,
  epoch bigint NOT NULL DEFAULT 1,
  attempt bigint NOT NULL DEFAULT 0,
  intention text NOT NULL,
  mirror_role text,
  secret_digest text,
  rest_mode text NOT NULL DEFAULT 'drop' CHECK (rest_mode IN ('drop', 'replica')),
  flushes bigint NOT NULL DEFAULT 0,
  CHECK ((mirror_role IS NULL) <> (secret_digest IS NULL))
);

CREATE SEQUENCE IF NOT EXISTS changeover.fence AS bigint MINVALUE 0 START 0 NO CYCLE;

CREATE TABLE IF NOT EXISTS changeover.moved_table (
  table_id integer PRIMARY KEY,
  schema_name text NOT NULL,
  table_name text NOT NULL,
  key_columns text[] NOT NULL,
  relation oid NOT NULL,
  shape text NOT NULL DEFAULT '',
  files text NOT NULL DEFAULT '',
  triggers text NOT NULL DEFAULT '',
  tree oid[] NOT NULL DEFAULT '{}',
  UNIQUE (schema_name, table_name)
);

CREATE TABLE IF NOT EXISTS changeover.change (
  table_id integer NOT NULL,
  key text
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
ALTER TABLE changeover.change REPLICA IDENTITY FULL;

CREATE TABLE IF NOT EXISTS changeover.marker (
  side text PRIMARY KEY,
  number bigint NOT NULL,
  content text NOT NULL,
  written_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

CREATE TABLE IF NOT EXISTS changeover.mirror (
  direction text PRIMARY KEY CHECK (direction IN ('forward', 'reverse')),
  epoch bigint NOT NULL,
  last_batch bigint NOT NULL DEFAULT 0,
  is_catching_up boolean NOT NULL DEFAULT true
);

CREATE TABLE IF NOT EXISTS changeover.applied (
  direction text NOT NULL,
  batch_id bigint NOT NULL,
  epoch bigint NOT NULL,
  keys_read bigint NOT NULL,
  keys_applied bigint NOT NULL,
  by_table jsonb NOT NULL,
  log_rows bigint NOT NULL,
  repeats bigint,
  applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (direction, batch_id)
);

CREATE TABLE IF NOT EXISTS changeover.removed (
  direction text NOT NULL,
  batch_id bigint NOT NULL,
  epoch bigint NOT NULL,
  keys_read bigint NOT NULL,
  rows_removed bigint NOT NULL,
  removed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (direction, batch_id)
);

CREATE TABLE IF NOT EXISTS changeover.resting (
  kind text NOT NULL CHECK (kind IN ('trigger', 'rule', 'foreign_key')),
  schema_name text NOT NULL,
  table_name text NOT NULL,
  name text NOT NULL,
  definition text NOT NULL,
  enabled text NOT NULL DEFAULT '',
  is_validated boolean NOT NULL DEFAULT true,
  PRIMARY KEY (kind, schema_name, table_name, name)
);

REVOKE ALL ON SCHEMA changeover FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA changeover FROM PUBLIC;
-- The fence's triggers look at it by the rights of whoever writes; to read it is all that this gives.
GRANT SELECT ON SEQUENCE changeover.fence TO PUBLIC;
