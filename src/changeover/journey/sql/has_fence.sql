-- One row: whether the function of the fence is on this side.
SELECT pg_catalog.to_regprocedure('changeover.refuse_unless_open()') IS NOT NULL AS has_fence
