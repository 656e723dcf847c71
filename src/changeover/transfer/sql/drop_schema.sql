-- Nothing: removes the schema changeover and everything in it.
DROP SCHEMA IF EXISTS changeover CASCADE
