-- Nothing: adds an event.
INSERT INTO changeover.event (by_whom, what, detail) VALUES (%(who)s, %(what)s, %(detail)s::jsonb)
