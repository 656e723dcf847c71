"""The PostgREST language, without I/O: request -> plan -> statement -> reply.

Four pure functions: `request.parse` promises syntax only, `plan.resolve` holds only resolved facts,
`render.work` cannot fail, `reply.shape` turns what the server returned into an answer. The text of
a statement depends on the shape of a request and never on its values.

Reference: PostgREST 16. Its error codes are data here, not errors of Changeover's own tree.
"""
