-- One row per token that waits.
SELECT t.token FROM changeover.token AS t WHERE t.answered_at IS NULL
