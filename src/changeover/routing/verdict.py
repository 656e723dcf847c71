"""What an answer says of a request: whether it was refused by the fence, done, or nobody knows.

Pure. An answer that is fine is looked at by its status alone; a body is read only where an error
must be told from another.
"""

import json
from typing import Any, Final

from changeover.database.errors import FENCE_MESSAGE, FENCE_SQLSTATE
from changeover.engine.message import Reply
from changeover.engine.refusal import Refusal
from changeover.model.errors import (
    OutcomeUnknownError,
    PrimaryUnreachableError,
    WritesPausedError,
)
from changeover.model.routing_observation import Cause, Outcome
from changeover.model.side import Side

RETRY_AFTER_S: Final = 1
_ERROR: Final = 400
_SERVER_ERROR: Final = 500
_PROXY_STATUS: Final = "proxy-status"
_NAMED: Final = "error="
_FENCE: Final = FENCE_MESSAGE.encode()

SCHEMA_CODES: Final = frozenset(
    {"42501", "42703", "42P01", "42883", "PGRST200", "PGRST202", "PGRST204", "PGRST205"}
)
"""What only a side that lacks something answers with."""

UNSENT_CODES: Final = frozenset({"PGRST000", "PGRST002", "PGRST003"})
"""Errors before the first statement: nothing was sent."""

_UNREACHABLE_CODES: Final = UNSENT_CODES | {"PGRST001"}
_LOST_CODES: Final = frozenset({"PGRST001", "57P01", "57P02", "57P03"})
"""After these nobody knows whether a COMMIT happened."""


def is_fenced(reply: Reply) -> bool:
    """Return whether a write was refused because its side is not open: it did not happen.

    Args:
        reply: The answer of either side.
    """
    if reply.status < _ERROR or _FENCE not in reply.body:
        return False
    body = _body(reply)
    return body.get("code") == FENCE_SQLSTATE and str(body.get("message")).startswith(FENCE_MESSAGE)


def code_of(reply: Reply) -> str:
    """Return the code of an error, or an empty text; an answer to HEAD has it in a header only.

    Args:
        reply: An answer whose status is 400 or more.
    """
    for name, value in reply.headers:
        if name.lower() == _PROXY_STATUS and _NAMED in value:
            return value.partition(_NAMED)[2].split(";")[0].strip()
    code = _body(reply).get("code")
    return code if isinstance(code, str) else ""


def cause_of(reply: Reply) -> Cause | None:
    """Return why the source must answer a read in the target's place; None if it need not.

    Args:
        reply: The target's answer.
    """
    if reply.status < _ERROR:
        return None
    code = code_of(reply)
    if code in SCHEMA_CODES:
        return Cause.SCHEMA
    if code in _UNREACHABLE_CODES:
        return Cause.UNREACHABLE
    return Cause.SERVER_ERROR if reply.status >= _SERVER_ERROR else None


def outcome_of(reply: Reply, side: Side) -> Outcome:
    """Return what became of a write.

    Args:
        reply: The answer.
        side: Who gave it. The source's comes over HTTP, where anything may stand in between.
    """
    if reply.status < _ERROR:
        return Outcome.FINE
    code = code_of(reply)
    if isinstance(reply.origin, Exception) or side is Side.TARGET:
        if code in UNSENT_CODES:
            return Outcome.NOT_WRITTEN
        if code in _LOST_CODES or code.startswith("08"):
            return Outcome.UNKNOWN
    elif code in _LOST_CODES or (not code and reply.status >= _SERVER_ERROR):
        return Outcome.UNKNOWN  # the API's own errors have a code: this is what stands before it
    return Outcome.REFUSED if reply.status < _SERVER_ERROR else Outcome.FAILED


def ending(reply: Reply) -> Outcome:
    """Return how a read ended for its caller."""
    if reply.status < _ERROR:
        return Outcome.FINE
    return Outcome.REFUSED if reply.status < _SERVER_ERROR else Outcome.FAILED


def paused(waited_s: float, side: Side, *, is_repeated: bool) -> Reply:
    """Return the answer to a write that a fence refused and that did not happen.

    Args:
        waited_s: How long it waited for a swap, in seconds.
        side: Who refused it.
        is_repeated: Whether it was repeated, and refused again.
    """
    again = "once more " if is_repeated else ""
    return _unwritten(
        WritesPausedError.code,
        f"The write was not written: the {side} refused it {again}during a swap, "
        f"and {waited_s:.1f} s were waited.",
        "Send it again later; `changeover status` tells where the swap is.",
    )


def unreachable(side: Side) -> Reply:
    """Return the answer to a write that was not even sent."""
    return _unwritten(
        PrimaryUnreachableError.code,
        f"The write was not written: the {side} could not be reached.",
        "Send it again when the database answers.",
    )


def unknown(side: Side) -> Reply:
    """Return the answer to a write whose own answer never came."""
    return Refusal(
        OutcomeUnknownError.code,
        f"The outcome of the write is unknown: the {side} gave no answer.",
        hint="Look whether it was written before sending it again.",
        status=504,
    ).reply()


def _unwritten(code: str, message: str, hint: str) -> Reply:
    headers = (("Retry-After", str(RETRY_AFTER_S)),)
    return Refusal(code, message, hint=hint, status=503, headers=headers).reply()


def _body(reply: Reply) -> dict[str, Any]:
    try:
        found = json.loads(reply.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
