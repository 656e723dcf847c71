-- One row: whether a token waits.
SELECT EXISTS (SELECT FROM changeover.token AS t WHERE t.answered_at IS NULL)
