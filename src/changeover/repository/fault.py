"""What an error answer means: one class per fact, from a SQLSTATE or one of PostgREST's codes."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from changeover.engine.message import Reply
from changeover.model.errors import (
    CannotConnectError,
    ChangeoverError,
    DatabaseError,
    NotAllowedError,
    OutcomeUnknownError,
    PrimaryUnreachableError,
    TimedOutError,
    WritesPausedError,
)
from changeover.model.name import TableName
from changeover.model.row_errors import (
    DuplicateKeyError,
    MalformedValueError,
    MissingReferenceError,
    MissingValueError,
    NoPartitionError,
    NotInSchemaError,
    RejectedValueError,
    TooManyConnectionsError,
    TransactionConflictError,
)

CLASSES: Final[Mapping[str, type[ChangeoverError]]] = {
    "23505": DuplicateKeyError,
    "23503": MissingReferenceError,
    "23502": MissingValueError,
    "23514": RejectedValueError,
    "42P01": NotInSchemaError,
    "42703": NotInSchemaError,
    "42P10": NotInSchemaError,
    "42883": NotInSchemaError,
    "PGRST200": NotInSchemaError,
    "PGRST202": NotInSchemaError,
    "PGRST204": NotInSchemaError,
    "PGRST205": NotInSchemaError,
    "57014": TimedOutError,
    "PGRST003": TooManyConnectionsError,
    "53300": TooManyConnectionsError,
    "40001": TransactionConflictError,
    "40P01": TransactionConflictError,
    "42501": NotAllowedError,
    "PGRST000": CannotConnectError,
    "PGRST001": CannotConnectError,
    "PGRST002": CannotConnectError,
    "P0004": WritesPausedError,
    # The status stands for the code where an answer has no body, as to HEAD.
    "401": NotAllowedError,
    "403": NotAllowedError,
    "404": NotInSchemaError,
    "502": CannotConnectError,
    "503": CannotConnectError,
    "504": CannotConnectError,
    **{
        kind.code: kind
        for kind in (WritesPausedError, OutcomeUnknownError, PrimaryUnreachableError)
    },
}
FAMILIES: Final[Mapping[str, type[ChangeoverError]]] = {
    "22": MalformedValueError,
    "08": CannotConnectError,
    "57": CannotConnectError,
    "53": CannotConnectError,
}
TRANSIENT: Final = frozenset({"57P01", "57P02", "57P03", "40001", "40P01", "53300"})
HINTS: Final[Mapping[type[ChangeoverError], str]] = {
    NotInSchemaError: "the code asks for what the database has not: never retry it",
    WritesPausedError: "nothing was written; write again when the swap is over",
    OutcomeUnknownError: "look whether it was written before writing it again",
    PrimaryUnreachableError: "nothing was written; write again when the database answers",
    NotAllowedError: "grant the right to the role, or look at its policies",
    CannotConnectError: "wait until the database answers",
}
_ERROR_MIN: Final = 400
_NO_PARTITION: Final = "no partition of relation"


def is_error(reply: Reply) -> bool:
    """Return whether an answer is an error."""
    return reply.status >= _ERROR_MIN


def code_of(reply: Reply) -> str:
    """Return the code of an error answer, or its status where the body has none."""
    return str(_body(reply).get("code") or reply.status)


def is_transient(reply: Reply) -> bool:
    """Return whether the same read may succeed in a moment."""
    if not is_error(reply):  # a body of rows is long, and not looked at here
        return False
    code = code_of(reply)
    return code in TRANSIENT or code.startswith("08")


def error_of(code: str, message: str, place: str) -> ChangeoverError:
    """Return the error that a server's or the API's answer stands for.

    It is for those who ask without a repository, such as over the official client, and want the
    same classes. Details of the server hold values of cells, so only the code is told, and the
    server's own message for what is no value.

    Args:
        code: A SQLSTATE, or one of PostgREST's codes.
        message: What the server says beside it.
        place: The table that was asked.
    """
    kind = CLASSES.get(code) or FAMILIES.get(code[:2]) or DatabaseError
    if kind is RejectedValueError and message.startswith(_NO_PARTITION):
        kind = NoPartitionError
    fact = "a value was refused" if kind is MalformedValueError else message or "an error"
    return kind(f"{place}: {fact} ({code})", hint=HINTS.get(kind, ""))


def fault_of(reply: Reply, name: TableName) -> ChangeoverError:
    """Return the error that an answer stands for; see `error_of`.

    Args:
        reply: An answer whose status is 400 or more.
        name: The table that was asked.
    """
    return error_of(code_of(reply), str(_body(reply).get("message") or ""), str(name))


def _body(reply: Reply) -> Mapping[str, Any]:
    try:
        found = msgspec.json.decode(reply.body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
