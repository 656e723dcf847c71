"""The PostgREST-compatible API behind a socket: one ASGI application over a store.

It owns sockets, limits, CORS, health, the log of accesses and the way to other services; what a
request means is the engine's, what it does the store's.
"""
