"""A small application as one finds them on Supabase, for tests and demonstrations."""

from changeover.embedded.database import Database
from changeover.embedded.script import run_script


def create_sample_application(database: Database) -> None:
    """Create the sample application's tables, policies and triggers, empty, as the owner.

    Args:
        database: A database made by `prepare_supabase`, or a clone of one.
    """
    with database.connect() as connection:
        run_script(connection, "sample_application")
