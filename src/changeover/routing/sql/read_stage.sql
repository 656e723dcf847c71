-- One row: version, stage, primary side, and whether a swap keeps both sides closed right now.
SELECT c.version, c.stage, c.primary_side, EXISTS (
  SELECT FROM changeover.swap AS s
  WHERE s.finished_at IS NULL AND s.phase NOT IN ('opened', 'finished', 'aborted')
) AS is_swapping
FROM changeover.control AS c
