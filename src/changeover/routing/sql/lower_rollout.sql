-- One row: whether the rollout was lowered, for the reason $1, from the state $2.
SELECT changeover.lower_rollout($1::text, $2::text)
