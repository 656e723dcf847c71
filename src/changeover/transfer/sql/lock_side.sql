-- One row, locked: the newest attempt that touched this side, and its intention.
SELECT s.attempt, s.intention FROM changeover.side AS s FOR UPDATE
