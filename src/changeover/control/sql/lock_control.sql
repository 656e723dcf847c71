-- One row, locked: epoch, attempt, primary side, stage, whether the move has ended.
SELECT c.epoch, c.attempt, c.primary_side, c.stage, c.finished_at IS NOT NULL AS is_finished
FROM changeover.control AS c
FOR UPDATE
