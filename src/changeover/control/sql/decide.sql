-- Nothing: the decision: epoch, primary and stage, under the locks of mirror and control row.
WITH side AS (
  UPDATE changeover.side AS s SET epoch = %(epoch)s
)
UPDATE changeover.control AS c
SET epoch = %(epoch)s, primary_side = %(primary)s, stage = %(stage)s
