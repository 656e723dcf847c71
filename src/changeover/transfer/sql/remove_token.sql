-- Nothing: removes the token $1.
DELETE FROM changeover.token AS t WHERE t.token = $1::uuid
