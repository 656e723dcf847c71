"""Names of things in a database."""

from dataclasses import dataclass


def quote(identifier: str) -> str:
    """Return an identifier as it stands in messages and in text that PostgreSQL reads.

    Args:
        identifier: Any name, unquoted.

    Returns:
        The name in double quotes if it needs them.
    """
    plain = identifier.isascii() and identifier.replace("_", "a").isalnum() and identifier.islower()
    if plain and not identifier[0].isdigit():
        return identifier
    return '"' + identifier.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True, order=True)
class TableName:
    """A schema and a name in it: of a table, a sequence, a view or a type."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{quote(self.schema)}.{quote(self.name)}"
