-- One row: whether what clients poll and report is installed here.
SELECT pg_catalog.to_regclass('changeover.rollout') IS NOT NULL
