-- Nothing: books a table's present state as the one to be held.
UPDATE changeover.moved_table AS m
SET shape = %(shape)s, files = %(files)s, triggers = %(triggers)s, tree = %(tree)s::oid[]
WHERE m.table_id = %(table_id)s
