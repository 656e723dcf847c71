-- Shows the mirror's secret %(secret)s to the fence, for this transaction only.
SELECT pg_catalog.set_config('changeover.secret', %(secret)s, true) IS NOT NULL
