-- One row at most: number and content of a side's marker as it stands here.
SELECT m.number, m.content FROM changeover.marker AS m WHERE m.side = %(side)s
