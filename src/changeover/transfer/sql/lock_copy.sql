-- The state of the copy of table %(table_id)s, locked.
SELECT c.state FROM changeover.copy AS c WHERE c.table_id = %(table_id)s FOR UPDATE
