"""What SQL has set of an answer: `response.headers` and `response.status`."""

import json
import re
from typing import Any, Final

from changeover.engine.message import Headers
from changeover.engine.refusal import Refusal

_DIGITS: Final = re.compile(r"[0-9]+")


def status(text: str | None, otherwise: int) -> int:
    """Return the status that SQL has set.

    Args:
        text: The setting; what follows its digits is ignored.
        otherwise: The status where none is set.

    Raises:
        Refusal: PGRST112, it begins with no digit.
    """
    if text is None:
        return otherwise
    found = _DIGITS.match(text)
    if found is None:
        raise Refusal("PGRST112", "response.status guc must be a valid status code")
    return int(found.group())


def headers(text: str | None, ours: Headers) -> Headers:
    """Return the headers with those that SQL has set in place of ours of the same name.

    Args:
        text: The setting: a JSON array of objects of one text each.
        ours: The headers of the answer.

    Raises:
        Refusal: PGRST111, it is anything else.
    """
    if text is None:
        return ours
    theirs = _pairs(text)
    names = {name.lower() for name, _ in theirs}
    kept = tuple(pair for pair in ours if pair[0].lower() not in names)
    return (*kept, *theirs)


def _pairs(text: str) -> Headers:
    try:
        found = json.loads(text)
    except ValueError:
        raise _invalid() from None
    if not isinstance(found, list):
        raise _invalid()
    return tuple(_pair(one) for one in found)


def _pair(one: Any) -> tuple[str, str]:
    if not isinstance(one, dict) or len(one) != 1:
        raise _invalid()
    ((name, value),) = one.items()
    if not isinstance(value, str):
        raise _invalid()
    return name, value


def _invalid() -> Refusal:
    return Refusal(
        "PGRST111",
        "response.headers guc must be a JSON array composed of objects with a single key and a"
        " string value",
    )
