"""Connecting to PostgreSQL: pinned sessions, roles, fixed SQL, translated errors.

Drivers are imported here and by the rooms that are handed a connection from here.
"""

from changeover.database.endpoint import Endpoint
from changeover.database.session import PINS, connect, connect_application, is_silent
from changeover.database.statement import fixed

__all__ = ["PINS", "Endpoint", "connect", "connect_application", "fixed", "is_silent"]
