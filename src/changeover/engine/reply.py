"""From what the server returned to an answer.

Source: shared reference "PostgREST: the language that we speak", sections 2 (statuses) and 7
(ranges, headers).
"""

from typing import Final
from urllib.parse import quote

from changeover.engine import set_reply
from changeover.engine.envelope import COLUMNS
from changeover.engine.message import Headers, Reply
from changeover.engine.plan import Plan
from changeover.engine.plan_value import Answer, Body, InspectPlan, RootPlan
from changeover.engine.refusal import Refusal
from changeover.engine.row import Row
from changeover.engine.syntax import (
    Action,
    Count,
    Outcome,
    Preferences,
    Request,
    Return,
)

__all__ = ["COLUMNS", "VARY", "shape"]

VARY: Final = ("Vary", "Accept, Prefer, Range")

_ALL_ORIGINS: Final = ("Access-Control-Allow-Origin", "*")
_OK: Final = 200
_CREATED: Final = 201
_NO_CONTENT: Final = 204
_PARTIAL: Final = 206
_NOT_SATISFIABLE: Final = 416
_COUNTED: Final = (Count.EXACT, Count.ESTIMATED)
"""Counts that a mutation answers: the rows that it touched are known."""


def shape(outcome: Outcome, plan: Plan, request: Request) -> Reply:
    """Return the answer to a request.

    Args:
        outcome: What the server returned.
        plan: The request's plan.
        request: The request.

    Raises:
        Refusal: PGRST111, 112, 115, 116 or 124; the transaction must not be committed.
    """
    if isinstance(plan, InspectPlan):
        return _complete(_OK, (_ALL_ORIGINS, ("Allow", plan.allow)), b"", is_head=False)
    answer = plan.answer
    is_head = answer.method == "HEAD"
    row = Row.of(outcome.row, answer)
    if isinstance(plan, RootPlan):
        body = plan.document.encode()
        return _complete(_OK, _type_headers(answer, request), body, is_head=is_head)
    if answer.format.body is Body.PLAN:
        body = row.body + b"\n"  # PostgREST ends every line of a plan
        return _complete(_OK, _type_headers(answer, request), body, is_head=is_head)
    _require(row, answer, request.preferences)
    if answer.action in (Action.READ, Action.CALL):
        status, headers, body = _rows(row, outcome.planned, answer, request)
    else:
        status, headers, body = _mutation(row, answer, request)
    if answer.warning:
        headers = (*headers, ("Warning", answer.warning))
    status = set_reply.status(row.status, status)
    headers = set_reply.headers(row.headers, (*headers, VARY))
    return _complete(status, headers, body, is_head=is_head)


def _complete(status: int, headers: Headers, body: bytes, *, is_head: bool) -> Reply:
    """Return the answer with the length of its body; HEAD and 204 have neither."""
    if status == _NO_CONTENT:
        kept = tuple(pair for pair in headers if pair[0].lower() != "content-type")
        return Reply(status=status, headers=kept)
    if is_head:
        return Reply(status=status, headers=headers)
    length = ("Content-Length", str(len(body)))
    return Reply(status=status, headers=(*headers, length), body=body)


def _require(row: Row, answer: Answer, preferences: Preferences) -> None:
    """Check how many rows there are.

    Raises:
        Refusal: PGRST115, 116, 124.
    """
    if answer.has_key and row.shown != 1:
        raise Refusal("PGRST115", "Payload values do not match URL in primary key column(s)")
    if answer.format.is_single and row.shown != 1:
        raise Refusal(
            "PGRST116",
            "Cannot coerce the result to a single JSON object",
            details=f"The result contains {row.shown} rows",
        )
    most = preferences.rows_affected_max
    if answer.is_limited and most is not None and row.shown > most:
        raise Refusal(
            "PGRST124",
            "Query result exceeds max-affected preference constraint",
            details=f"The query affects {row.shown} rows",
        )


def _rows(
    row: Row, planned: int | None, answer: Answer, request: Request
) -> tuple[int, Headers, bytes]:
    """Return status, headers and body of a read or a call."""
    total = _total(row.total, planned, answer)
    status = _range_status(request.offset, row.shown, total)
    headers = [("Content-Range", _range(request.offset, row.shown, total))]
    if answer.action is Action.READ:
        headers.append(("Content-Location", request.location))
    if answer.is_void:
        status = _NO_CONTENT
    else:
        headers += _type_headers(answer, request)
    headers += _preference_headers(answer, request.preferences)
    if status == _NOT_SATISFIABLE:
        return status, tuple(headers), _out_of_bounds(request.offset, total or 0, answer)
    return status, tuple(headers), b"" if answer.is_void else row.body


def _total(counted: int | None, planned: int | None, answer: Answer) -> int | None:
    """Return how many rows there are without a window, counted or as the planner expects."""
    if answer.action is Action.CALL or answer.count is Count.EXACT:
        return counted
    if answer.count is Count.PLANNED:
        return planned
    if answer.count is not Count.ESTIMATED or counted is None:
        return None
    is_cut = answer.rows_max is None or counted > answer.rows_max
    return max(counted, planned or 0) if is_cut else counted


def _range_status(offset: int, shown: int, total: int | None) -> int:
    if total is None:
        return _OK
    if offset > total:
        return _NOT_SATISFIABLE
    return _PARTIAL if shown < total else _OK


def _range(offset: int, shown: int, total: int | None) -> str:
    whole = "*" if total is None else str(total)
    if shown == 0 or total == 0:
        return f"*/{whole}"
    return f"{offset}-{offset + shown - 1}/{whole}"


def _out_of_bounds(offset: int, total: int, answer: Answer) -> bytes:
    refusal = Refusal(
        "PGRST103",
        "Requested range not satisfiable",
        details=f"An offset of {offset} was requested, but there are only {total} rows.",
    )
    return refusal.reply(is_minimal=answer.is_minimal).body


def _mutation(row: Row, answer: Answer, request: Request) -> tuple[int, Headers, bytes]:
    """Return status, headers and body of a mutation."""
    is_shown = answer.representation is Return.REPRESENTATION
    headers: list[tuple[str, str]] = []
    if answer.action is Action.INSERT and row.location:
        headers.append(("Location", answer.path + _location_query(row.location)))
    if answer.action is not Action.PUT:
        headers.append(("Content-Range", _touched(row.shown, answer)))
    headers += _preference_headers(answer, request.preferences)
    if is_shown:
        headers += _type_headers(answer, request)
    return _mutation_status(row, answer), tuple(headers), row.body if is_shown else b""


def _mutation_status(row: Row, answer: Answer) -> int:
    is_new = row.inserted is None or row.inserted > 0
    if answer.action is Action.INSERT:
        return _CREATED if is_new else _OK
    if answer.representation is not Return.REPRESENTATION:
        return _NO_CONTENT
    return _CREATED if answer.action is Action.PUT and is_new else _OK


def _touched(shown: int, answer: Answer) -> str:
    total = shown if answer.count in _COUNTED else None
    return _range(0, shown if answer.action is Action.UPDATE else 0, total)


def _location_query(location: tuple[str, ...]) -> str:
    pairs = (pair.partition("=") for pair in location)
    return "?" + "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, _, value in pairs
    )


def _type_headers(answer: Answer, request: Request) -> Headers:
    type_ = ("Content-Type", answer.format.content_type)
    if not request.is_profile_shown:
        return (type_,)
    return (type_, ("Content-Profile", answer.schema))


def _preference_headers(answer: Answer, preferences: Preferences) -> Headers:
    """Return what was preferred and is held."""
    applied = list(answer.applied)
    if answer.is_transaction_shown and preferences.transaction is not None:
        applied.append(f"tx={preferences.transaction}")
    if answer.handling is not None:
        applied.append(answer.handling)
    if preferences.timezone is not None:
        applied.append(f"timezone={preferences.timezone}")
    if answer.is_limited and preferences.rows_affected_max is not None:
        applied.append(f"max-affected={preferences.rows_affected_max}")
    return (("Preference-Applied", ", ".join(applied)),) if applied else ()
