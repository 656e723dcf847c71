-- One row, kept as it is until we commit: epoch, primary_side.
SELECT c.epoch, c.primary_side FROM changeover.control AS c FOR SHARE
