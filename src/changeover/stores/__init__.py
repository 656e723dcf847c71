"""Where a message is answered: PostgreSQL itself, or an HTTP API.

A store takes an HTTP request as a value and returns its answer; it never raises for what a client
or a server did. Drivers and sockets live here; the language is the engine's.
"""
