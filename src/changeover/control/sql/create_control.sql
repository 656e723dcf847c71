-- Script, run by the target's owner: the move's own state beside the side's.
CREATE TABLE IF NOT EXISTS changeover.control (
  is_single boolean PRIMARY KEY DEFAULT true CHECK (is_single),
  version integer NOT NULL,
  epoch bigint NOT NULL DEFAULT 1,
  attempt bigint NOT NULL DEFAULT 0,
  primary_side text NOT NULL DEFAULT 'source' CHECK (primary_side IN ('source', 'target')),
  stage text NOT NULL DEFAULT 'off',
  source_identity text NOT NULL,
  target_identity text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  finished_at timestamptz
);

CREATE TABLE IF NOT EXISTS changeover.swap (
  swap_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('cutover', 'rollback')),
  attempt bigint NOT NULL UNIQUE,
  epoch bigint NOT NULL,
  phase text NOT NULL,
  owner text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  deadline_at timestamptz NOT NULL,
  lease_until timestamptz NOT NULL,
  decided_at timestamptz,
  finished_at timestamptz,
  error text
);

CREATE UNIQUE INDEX IF NOT EXISTS swap_one_at_a_time ON changeover.swap ((true))
  WHERE finished_at IS NULL;

CREATE TABLE IF NOT EXISTS changeover.checkpoint (
  table_id integer NOT NULL,
  range_id integer NOT NULL,
  lower_bound text[],
  upper_bound text[],
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done')),
  rows_copied bigint NOT NULL DEFAULT 0,
  rows_left_out bigint NOT NULL DEFAULT 0,
  done_at timestamptz,
  PRIMARY KEY (table_id, range_id)
);

CREATE TABLE IF NOT EXISTS changeover.copy (
  table_id integer PRIMARY KEY,
  state text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'copying', 'copied')),
  version integer NOT NULL,
  shape text NOT NULL DEFAULT '',
  rows_copied bigint NOT NULL DEFAULT 0,
  started_at timestamptz,
  finished_at timestamptz
);

CREATE TABLE IF NOT EXISTS changeover.knob (
  name text PRIMARY KEY,
  value text NOT NULL,
  turned_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

CREATE TABLE IF NOT EXISTS changeover.token (
  token uuid PRIMARY KEY,
  written_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  answered_at timestamptz
);

CREATE TABLE IF NOT EXISTS changeover.heartbeat (
  direction text PRIMARY KEY,
  epoch bigint NOT NULL,
  marker_number bigint NOT NULL,
  lag_ms double precision NOT NULL,
  lag_ms_max double precision NOT NULL,
  beaten_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  owner text NOT NULL,
  error text
);

CREATE TABLE IF NOT EXISTS changeover.doubt (
  table_id integer NOT NULL,
  reason text NOT NULL,
  since timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  cleared_at timestamptz,
  PRIMARY KEY (table_id, reason, since)
);

CREATE TABLE IF NOT EXISTS changeover.verification (
  run_id bigint NOT NULL,
  table_id integer NOT NULL,
  epoch bigint NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  rows_source bigint NOT NULL,
  rows_target bigint NOT NULL,
  missing bigint NOT NULL,
  extra bigint NOT NULL,
  different bigint NOT NULL,
  orphans bigint NOT NULL DEFAULT 0,
  unsettled bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (run_id, table_id)
);

CREATE TABLE IF NOT EXISTS changeover.evidence (
  gate text NOT NULL,
  at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  outcome text NOT NULL CHECK (outcome IN ('pass', 'fail', 'waived')),
  detail text NOT NULL DEFAULT '',
  by_whom text NOT NULL,
  epoch bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS evidence_by_gate ON changeover.evidence (gate, at);

CREATE TABLE IF NOT EXISTS changeover.event (
  event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  by_whom text NOT NULL,
  what text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}'
);

REVOKE ALL ON ALL TABLES IN SCHEMA changeover FROM PUBLIC;
