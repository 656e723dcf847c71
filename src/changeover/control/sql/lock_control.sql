-- One row, locked: epoch, attempt, primary side, stage.
SELECT c.epoch, c.attempt, c.primary_side, c.stage FROM changeover.control AS c FOR UPDATE
