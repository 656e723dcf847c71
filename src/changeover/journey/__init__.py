"""The order of things: check, gates, cutover, rollback, finish, the daemon, status."""
