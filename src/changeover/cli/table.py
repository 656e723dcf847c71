"""Names of tables as operators write them."""

import re
from typing import Final

from changeover.model.errors import ConfigurationError
from changeover.model.name import TableName

_PART: Final = r'("(?:[^"]|"")+"|[^".]+)'
_NAME: Final = re.compile(rf"{_PART}\.{_PART}")


def parse_table(text: str) -> TableName:
    """Return the table that `schema.table` names; parts may stand in double quotes.

    Raises:
        ConfigurationError: If it has no schema.
    """
    found = _NAME.fullmatch(text)
    if found is None:
        raise ConfigurationError(
            f"'{text}' is not schema.table", hint='write public.orders, or public."Ord.ers"'
        )
    return TableName(*(_unquote(part) for part in found.groups()))


def parse_tables(texts: list[str] | None) -> tuple[TableName, ...] | None:
    """Return the tables that flags name; None where none was given."""
    return tuple(parse_table(text) for text in texts) if texts else None


def _unquote(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part
