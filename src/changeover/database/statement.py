"""Fixed SQL, one statement per file beside the room that runs it."""

from functools import cache
from importlib import resources

from psycopg import sql

from changeover.model.name import TableName


@cache
def fixed(package: str, name: str) -> sql.SQL:
    """Return a fixed statement.

    Args:
        package: The room that owns it, such as `changeover.catalog`.
        name: The file's name without its ending.

    Returns:
        The text of `<package>/sql/<name>.sql`, which is our own and holds no value.
    """
    text = resources.files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    return sql.SQL(text)  # the file is ours


def table(name: TableName) -> sql.Identifier:
    """Return a table's name, quoted for a statement."""
    return sql.Identifier(name.schema, name.name)


def names(columns: tuple[str, ...]) -> sql.Composed:
    """Return columns' names, quoted and separated by commas."""
    return sql.SQL(", ").join(sql.Identifier(column) for column in columns)
