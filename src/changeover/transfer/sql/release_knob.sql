-- Gives the knob %(name)s back to the configuration; no rows are returned.
DELETE FROM changeover.knob WHERE name = %(name)s
