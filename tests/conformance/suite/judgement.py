"""Holds an answer against what was expected, and against what holds for every answer."""

import json

from changeover.engine.message import Reply
from suite.case import NOTHING, PRESENT, Case, canonical, read_json

ERROR_KEYS = ["code", "details", "hint", "message"]
TERSE_KEYS = ["code", "message"]


def header(reply: Reply, name: str) -> str | None:
    """Return a header's values joined by comma and blank, or None."""
    values = [value for found, value in reply.headers if found.lower() == name.lower()]
    return ", ".join(values) if values else None


def assert_common(case: Case, reply: Reply) -> None:
    """Assert what holds for every answer."""
    if case.sent.method == "HEAD" or reply.status == 204:
        assert reply.body == b""
    if reply.status == 204:
        assert header(reply, "Content-Type") is None
    is_answer = header(reply, "Proxy-Status") is None
    if reply.status == 204 or (case.sent.method == "HEAD" and is_answer):
        assert header(reply, "Content-Length") is None
    elif case.sent.method != "HEAD":
        assert header(reply, "Content-Length") == str(len(reply.body))
    proxy = header(reply, "Proxy-Status")
    if proxy is not None and reply.body:
        assert_error(case, reply, proxy)


def assert_error(case: Case, reply: Reply, proxy: str) -> None:
    """Assert what holds for every error: compact, keys in their order, named in Proxy-Status."""
    members = json.loads(reply.body)
    keys = TERSE_KEYS if case.profile == "terse" else ERROR_KEYS
    assert list(members) == keys
    compact = json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
    assert reply.body == compact
    assert header(reply, "Content-Type") == "application/json; charset=utf-8"
    assert proxy == f"PostgREST; error={members['code']}"
    assert header(reply, "Vary") is None


def assert_answer(case: Case, reply: Reply) -> None:
    """Assert that an answer is the expected one."""
    expect = case.expect
    shown = reply.body.decode(errors="replace")
    assert reply.status == expect.status, shown
    if expect.json is not NOTHING and case.sent.method != "HEAD":
        found = canonical(read_json(reply.body), is_ordered=expect.is_ordered)
        wanted = canonical(expect.json, is_ordered=expect.is_ordered)
        assert found == wanted, shown
    if expect.text is not None:
        assert shown == expect.text
    for name, value in expect.headers.items():
        found_value = header(reply, name)
        is_right = found_value is not None if value is PRESENT else found_value == value
        assert is_right, f"{name}: {found_value}"
    if expect.reason is not None:
        assert reply.reason == expect.reason
    assert_common(case, reply)
