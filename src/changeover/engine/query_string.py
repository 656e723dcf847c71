"""A query string as pairs, and the one form in which `Content-Location` shows it.

Source: shared reference "PostgREST: the language that we speak", sections 3 and 7.
"""

from typing import TypeAlias
from urllib.parse import quote, unquote_to_bytes

Pairs: TypeAlias = list[tuple[str, str | None]]
"""Keys and values in order; a key without `=` has no value."""


def split(text: str) -> Pairs:
    """Split a query string or a form at `&` and `;`, and decode it.

    A bad percent escape stays as it is. A part may be empty, but for the last.

    Args:
        text: Percent-encoded UTF-8, without a question mark; `+` is a blank.

    Raises:
        UnicodeError: Escapes that are no UTF-8, or a lone surrogate.
    """
    parts = text.replace(";", "&").split("&")
    if not parts[-1]:
        parts.pop()
    pairs: Pairs = []
    for part in parts:
        key, equal, value = part.partition("=")
        pairs.append((_decoded(key), _decoded(value) if equal else None))
    return pairs


def _decoded(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" in text or not text.isascii():
        return unquote_to_bytes(text).decode()
    return text


def canonical(pairs: Pairs) -> str:
    """Return the pairs sorted by key, values of one key joined by commas, percent-encoded.

    Args:
        pairs: Decoded pairs; a missing value is shown as an empty one.
    """
    values: dict[str, list[str]] = {}
    for key, value in sorted(pairs, key=_key):
        values.setdefault(key, []).append(quote(value or "", safe=""))
    return "&".join(f"{quote(key, safe='')}={','.join(found)}" for key, found in values.items())


def _key(pair: tuple[str, str | None]) -> str:
    return pair[0]


def location(name: str, pairs: Pairs) -> str:
    """Return the value of `Content-Location` for a relation.

    Args:
        name: The relation; percent-encoded too, so that it stays one line.
        pairs: Decoded pairs.
    """
    path = f"/{quote(name, safe='')}"
    return f"{path}?{canonical(pairs)}" if pairs else path
