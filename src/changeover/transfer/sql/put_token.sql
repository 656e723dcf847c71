-- Nothing: asks the mirror to answer the token $1 once it has passed all that is committed now.
INSERT INTO changeover.token (token) VALUES ($1::uuid)
