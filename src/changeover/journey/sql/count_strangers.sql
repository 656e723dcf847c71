-- One row: how many sessions under the mirror's role are not ours.
SELECT pg_catalog.count(*)::int FROM pg_catalog.pg_stat_activity AS a
WHERE a.usename = %(role)s AND a.application_name NOT LIKE 'changeover %%'
