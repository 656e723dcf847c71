-- Nothing: books a doubt.
INSERT INTO changeover.doubt (table_id, reason) VALUES (%(table_id)s, %(reason)s)
