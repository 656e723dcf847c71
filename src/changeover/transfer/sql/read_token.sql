-- One row if the token $1 exists: whether the mirror has answered it.
SELECT t.answered_at IS NOT NULL FROM changeover.token AS t WHERE t.token = $1::uuid
