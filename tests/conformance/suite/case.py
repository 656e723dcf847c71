"""What a case is: a request, what must come back, and the rule that says so."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

ABSENT: Final = None
"""As a header's expected value: it must not be there."""

PRESENT: Final = "\0"
"""As a header's expected value: it must be there, whatever it says."""

NOTHING: Final = object()
"""Where nothing is expected of a body."""


class Pairs(tuple):
    """An object with a repeated key, as its pairs in order."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Within:
    """A claim that is a time: seconds from now."""

    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request, as a client writes it.

    Attributes:
        target: Path and query string; what a target can't hold is percent-encoded by the sender.
        body: Text as it is, anything else but bytes as JSON.
        claims: The claims of a token to make; None for no token. Values may be `Within`.
        authorization: What stands in `Authorization`, over `claims`.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: Any = None
    claims: Mapping[str, Any] | None = None
    authorization: str | None = None

    @property
    def content(self) -> bytes:
        """The body's bytes."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What must come back.

    Attributes:
        json: The body as a value; numbers are compared by their digits (`Decimal("1.50")`).
        text: The body byte for byte.
        headers: Exact values; `ABSENT` for one that must not be there.
        is_ordered: Whether the order of rows counts.
        reason: The reason phrase.
        state: Query and rows that hold afterwards, read by the owner.
    """

    status: int = 200
    json: Any = NOTHING
    text: str | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    is_ordered: bool = False
    reason: str | None = None
    state: tuple[str, list[Any]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request and its answer.

    Attributes:
        profile: The configuration that it is answered under, a name in `PROFILES`.
        setup: Statements of the owner before it, undone afterwards by `undo`.
        undo: Statements of the owner afterwards.
        fails: Why the rule does not hold; the case must fail then.
        only: `store` or `gateway` where the other cannot show the rule.
    """

    sent: Sent
    expect: Expect
    profile: str = "plain"
    setup: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    fails: str | None = None
    only: str | None = None

    def under(self, profile: str) -> "Case":
        """Return the case under another configuration."""
        return replace(self, profile=profile)

    def failing(self, reason: str) -> "Case":
        """Return the case marked as one that does not hold."""
        return replace(self, fails=reason)

    def around(self, setup: str = "", undo: str = "") -> "Case":
        """Return the case between two statements of the owner."""
        return replace(self, setup=(setup,) if setup else (), undo=(undo,) if undo else ())

    def leaving(self, query: str, rows: list[Any]) -> "Case":
        """Return the case with what the owner reads afterwards."""
        return replace(self, expect=replace(self.expect, state=(query, rows)))

    def over(self, transport: str) -> "Case":
        """Return the case for one transport only."""
        return replace(self, only=transport)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of the language.

    Attributes:
        id: A name that is never reused.
        section: Where the reference states it.
        tier: 1, 2 or 3.
        text: The rule in a sentence.
        cases: What shows it.
    """

    id: str
    section: str
    tier: int
    text: str
    cases: tuple[Case, ...]


def rule(id: str, section: str, tier: int, text: str, *cases: Case) -> Rule:  # noqa: A002
    """Return a rule with its cases."""
    return Rule(id=id, section=section, tier=tier, text=text, cases=cases)


def error(
    code: str, message: str | None, details: Any = None, hint: str | None = None
) -> dict[str, Any]:
    """Return the body of an error."""
    return {"code": code, "message": message, "details": details, "hint": hint}


def send(
    method: str,
    target: str,
    expected: Any = NOTHING,
    status: int = 200,
    *,
    body: Any = None,
    prefer: str | None = None,
    accept: str | None = None,
    kind: str | None = None,
    headers: Mapping[str, str] | tuple[tuple[str, str], ...] = (),
    claims: Mapping[str, Any] | None = None,
    authorization: str | None = None,
    answer: Mapping[str, str | None] | None = None,
    text: str | None = None,
    ordered: bool = False,
    reason: str | None = None,
    profile: str = "plain",
) -> Case:
    """Return a case.

    Args:
        method: The verb.
        target: Path and query string.
        expected: The body as a value.
        status: The status code.
        body: What is sent.
        prefer: The header `Prefer`.
        accept: The header `Accept`.
        kind: The header `Content-Type`.
        headers: More headers.
        claims: The claims of the token.
        authorization: The header `Authorization`.
        answer: Headers of the answer.
        text: The body byte for byte.
        ordered: Whether the order of rows counts.
        reason: The reason phrase.
        profile: The configuration.
    """
    given = list(headers.items() if isinstance(headers, Mapping) else headers)
    for name, value in (("Prefer", prefer), ("Accept", accept), ("Content-Type", kind)):
        if value is not None:
            given.append((name, value))
    return Case(
        sent=Sent(
            method=method,
            target=target,
            headers=tuple(given),
            body=body,
            claims=claims,
            authorization=authorization,
        ),
        expect=Expect(
            status=status,
            json=expected,
            text=text,
            headers=answer or {},
            is_ordered=ordered,
            reason=reason,
        ),
        profile=profile,
    )


def get(target: str, expected: Any = NOTHING, status: int = 200, **more: Any) -> Case:
    """Return a case that reads."""
    return send("GET", target, expected, status, **more)


def head(target: str, status: int = 200, **more: Any) -> Case:
    """Return a case that asks for headers."""
    return send("HEAD", target, NOTHING, status, **more)


def post(
    target: str, body: Any = None, expected: Any = NOTHING, status: int = 201, **more: Any
) -> Case:
    """Return a case that inserts."""
    return send("POST", target, expected, status, body=body, **more)


def call(
    target: str, body: Any = None, expected: Any = NOTHING, status: int = 200, **more: Any
) -> Case:
    """Return a case that calls a function by POST."""
    return send("POST", f"/rpc/{target}", expected, status, body=body, **more)


def patch(
    target: str, body: Any = None, expected: Any = NOTHING, status: int = 204, **more: Any
) -> Case:
    """Return a case that updates."""
    return send("PATCH", target, expected, status, body=body, **more)


def put(
    target: str, body: Any = None, expected: Any = NOTHING, status: int = 204, **more: Any
) -> Case:
    """Return a case that puts one row."""
    return send("PUT", target, expected, status, body=body, **more)


def delete(target: str, expected: Any = NOTHING, status: int = 204, **more: Any) -> Case:
    """Return a case that deletes."""
    return send("DELETE", target, expected, status, **more)


def canonical(value: Any, *, is_ordered: bool) -> Any:
    """Return a JSON value such that equal values compare equal, and no others.

    Numbers are told apart by their digits; rows are sorted unless their order counts.
    """
    if isinstance(value, bool | None):
        return ("word", str(value))
    if isinstance(value, int | float | Decimal):
        return ("number", str(value))
    if isinstance(value, str):
        return ("text", value)
    if isinstance(value, Pairs):
        return ("pairs", tuple((k, canonical(v, is_ordered=is_ordered)) for k, v in value))
    if isinstance(value, Mapping):
        members = {k: canonical(v, is_ordered=is_ordered) for k, v in value.items()}
        return ("object", tuple(sorted(members.items())))
    return _canonical_array(value, is_ordered=is_ordered)


def _canonical_array(value: Any, *, is_ordered: bool) -> Any:
    """Return an array; one of objects is sorted where order does not count."""
    items = [canonical(item, is_ordered=is_ordered) for item in value]
    is_rows = any(item[0] in ("object", "pairs") for item in items)
    return ("array", tuple(sorted(items) if is_rows and not is_ordered else items))


def _object(pairs: list[tuple[str, Any]]) -> Any:
    """Return an object, or its pairs where a key is repeated."""
    members = dict(pairs)
    return members if len(members) == len(pairs) else Pairs(pairs)


def read_json(body: bytes) -> Any:
    """Return a body's value, with numbers as written and repeated keys kept."""
    return json.loads(body, parse_float=Decimal, object_pairs_hook=_object)
