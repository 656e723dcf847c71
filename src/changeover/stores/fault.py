"""From a server's error to what a request is refused with.

Texts of the server go to its caller unchanged; nothing of them is logged.

Source: shared reference "PostgREST: the language that we speak", sections 6 (RAISE) and 9.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import psycopg
from psycopg.pq.abc import PGresult

from changeover.engine.message import Headers
from changeover.engine.refusal import Refusal

RETRY_AFTER_S: Final = 1

# psycopg.pq.DiagnosticField, as libpq takes them.
_SQLSTATE: Final = ord("C")
_MESSAGE: Final = ord("M")
_DETAIL: Final = ord("D")
_HINT: Final = ord("H")

_BY_CODE: Final = {
    "23503": 409,
    "23505": 409,
    "25006": 405,
    "42P01": 404,
    "42P17": 500,
    "53400": 500,
    "57P01": 503,
    "P0001": 400,
}
_BY_CLASS: Final = {
    "08": 503,
    "09": 500,
    "0L": 403,
    "0P": 403,
    "25": 500,
    "28": 403,
    "2D": 500,
    "38": 500,
    "39": 500,
    "3B": 500,
    "40": 500,
    "53": 503,
    "54": 500,
    "55": 500,
    "57": 500,
    "58": 500,
    "F0": 500,
    "HV": 500,
    "P0": 500,
    "XX": 500,
}
_MESSAGE_HINT: Final = (
    "MESSAGE must be a JSON object with obligatory keys: 'code', 'message' and optional keys:"
    " 'details', 'hint'."
)
_DETAIL_HINT: Final = (
    "DETAIL must be a JSON object with obligatory keys: 'status', 'headers' and optional key:"
    " 'status_text'."
)
# "connection to server at "…", port 5432 failed: …": where that was stays with us.
_WHERE: Final = re.compile(r".*\bfailed: ", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFault:
    """What the server said of a statement."""

    sqlstate: str
    message: str
    detail: str | None = None
    hint: str | None = None

    @classmethod
    def of_result(cls, result: PGresult) -> "ServerFault":
        """Read a failed result."""
        return cls(
            sqlstate=_field(result, _SQLSTATE) or "XX000",
            message=_field(result, _MESSAGE) or "",
            detail=_field(result, _DETAIL),
            hint=_field(result, _HINT),
        )

    def refusal(self, *, is_anonymous: bool) -> Refusal:
        """Return what the request is refused with.

        Args:
            is_anonymous: Whether it ran as the anonymous role.
        """
        if self.sqlstate == "PGRST":
            return _raised(self)
        status, reason = _status(self, is_anonymous=is_anonymous)
        return Refusal(
            self.sqlstate,
            self.message,
            details=self.detail,
            hint=self.hint,
            status=status,
            reason=reason,
            headers=_headers(status),
        )


def _field(result: PGresult, field: int) -> str | None:
    data = result.error_field(field)
    return None if data is None else data.decode(errors="replace")


def _headers(status: int) -> Headers:
    if status == 401:  # noqa: PLR2004 - as HTTP has it
        return (("WWW-Authenticate", "Bearer"),)
    if status == 503:  # noqa: PLR2004
        return (("Retry-After", str(RETRY_AFTER_S)),)
    return ()


def _status(fault: ServerFault, *, is_anonymous: bool) -> tuple[int, str]:
    code, message = fault.sqlstate, fault.message
    if code.startswith("PT"):
        number = code[2:]
        return (int(number), message) if re.fullmatch(r"[0-9]{3}", number) else (500, "")
    if code == "42501":
        return (401 if is_anonymous else 403), ""
    special = _BY_MESSAGE.get(code)
    if special is not None:
        return special(message), ""
    return _BY_CODE.get(code) or _BY_CLASS.get(code[:2], 400), ""


_BY_MESSAGE: Final[dict[str, Callable[[str], int]]] = {
    "21000": lambda text: 400 if text.endswith("requires a WHERE clause") else 500,
    "22023": lambda text: (
        401 if text.startswith("role") and text.endswith("does not exist") else 400
    ),
    "42883": lambda text: 406 if text.startswith("function xmlagg(") else 404,
}


class _Raised(msgspec.Struct, frozen=True):
    """MESSAGE of RAISE SQLSTATE 'PGRST'."""

    code: str
    message: str
    details: str | None = None
    hint: str | None = None


class _RaisedAnswer(msgspec.Struct, frozen=True):
    """DETAIL of RAISE SQLSTATE 'PGRST'."""

    status: int
    headers: dict[str, str]
    status_text: str | None = None


def _raised(fault: ServerFault) -> Refusal:
    """Return the answer that SQL has made wholly itself."""
    said = _decoded(fault.message, _Raised)
    if said is None:
        return _unreadable(f"Invalid JSON value for MESSAGE: '{fault.message}'", _MESSAGE_HINT)
    if fault.detail is None:
        return _unreadable("DETAIL is missing in the RAISE statement", _DETAIL_HINT)
    answer = _decoded(fault.detail, _RaisedAnswer)
    if answer is None:
        return _unreadable(f"Invalid JSON value for DETAIL: '{fault.detail}'", _DETAIL_HINT)
    return Refusal(
        said.code,
        said.message,
        details=said.details,
        hint=said.hint,
        status=answer.status,
        reason=answer.status_text or "",
        headers=tuple(sorted(answer.headers.items())),
    )


def _decoded(text: str, kind: Any) -> Any:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None


def _unreadable(details: str, hint: str) -> Refusal:
    return Refusal(
        "PGRST121",
        "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error",
        details=details,
        hint=hint,
    )


def cannot_connect(error: psycopg.Error) -> Refusal:
    """Return the refusal where no connection could be made."""
    message = "Database connection error."
    return Refusal("PGRST000", message, details=_words(error), headers=_headers(503))


def lost_connection(error: psycopg.Error) -> Refusal:
    """Return the refusal where a connection broke while it was used; the outcome is unknown."""
    message = "Database client error. Retrying the connection."
    return Refusal("PGRST001", message, details=_words(error), headers=_headers(503))


def _words(error: psycopg.Error) -> str:
    """Return the driver's text without the server's address and the login's name."""
    return _WHERE.sub("", str(error)).strip()


def pool_exhausted() -> Refusal:
    """Return the refusal where every connection stayed in use for too long."""
    return Refusal("PGRST003", "Timed out acquiring connection from connection pool.")


def no_snapshot() -> Refusal:
    """Return the refusal where nothing is known of the database yet."""
    message = "Could not query the database for the schema cache. Retrying."
    return Refusal("PGRST002", message, headers=_headers(503))
