-- The direction of every mirror, locked: no round is under way until we commit.
SELECT m.direction FROM changeover.mirror AS m FOR UPDATE
