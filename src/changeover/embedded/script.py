"""The SQL files of this room: scripts of several statements that run as one transaction."""

from importlib.resources import files
from typing import Any, Final

import psycopg

FOLDER: Final = files("changeover.embedded").joinpath("sql")


def run_script(connection: psycopg.Connection[tuple[Any, ...]], name: str) -> None:
    """Run a file of ours.

    Args:
        connection: Whose role owns what the script creates.
        name: The file's name without its ending.
    """
    # Without parameters the text goes out as one message, which PostgreSQL runs as one transaction.
    connection.execute(FOLDER.joinpath(f"{name}.sql").read_bytes())
