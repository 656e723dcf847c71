"""Answers from rows, without a server."""

from dataclasses import replace

import pytest

from changeover.engine import reply
from changeover.engine.plan_value import Answer, Body, Format, InspectPlan, ReadNode, ReadPlan
from changeover.engine.refusal import Refusal
from changeover.engine.syntax import (
    Action,
    Count,
    Outcome,
    Preferences,
    Request,
    Resolution,
    Return,
    Shape,
)
from changeover.model.name import TableName

JSON = Format(body=Body.ARRAY, content_type="application/json; charset=utf-8")
OBJECT = Format(body=Body.OBJECT, content_type="application/vnd.pgrst.object+json; charset=utf-8")
ANSWER = Answer(action=Action.READ, method="GET", schema="s", path="/t", format=JSON, has_body=True)


def shape(
    answer=ANSWER,
    *,
    total=None,
    shown=2,
    body="[1,2]",
    headers=None,
    status=None,
    location=None,
    inserted=None,
    planned=None,
    **request,
):
    """Return the reply to a request with an answer of this kind."""
    root = ReadNode(relation=TableName("s", "t"))
    asked = Request(
        **{
            "shape": Shape(action=answer.action, method=answer.method, schema="s", name="t"),
            "values": (),
            "preferences": Preferences(),
            "is_profile_shown": False,
            "location": "/t?a=eq.1",
            **request,
        }
    )
    row = (total, shown, body, headers, status, location, inserted)
    return reply.shape(Outcome(row=row, planned=planned), ReadPlan(root=root, answer=answer), asked)


def header(answered, name):
    """Return a header of a reply, or None."""
    return dict(answered.headers).get(name)


def mutation(action, **members):
    """Return the answer of a mutation."""
    return replace(ANSWER, action=action, has_body=False, **members)


def test_a_read():
    """A read has its range, its location, its type and its length."""
    answered = shape()
    assert answered.status == 200
    assert answered.body == b"[1,2]"
    assert answered.headers == (
        ("Content-Range", "0-1/*"),
        ("Content-Location", "/t?a=eq.1"),
        ("Content-Type", "application/json; charset=utf-8"),
        ("Vary", "Accept, Prefer, Range"),
        ("Content-Length", "5"),
    )


@pytest.mark.parametrize(
    ("offset", "shown", "total", "status", "content_range"),
    [
        (0, 2, 2, 200, "0-1/2"),
        (0, 2, 5, 206, "0-1/5"),
        (3, 2, 5, 206, "3-4/5"),
        (5, 0, 5, 206, "*/5"),
        (6, 0, 5, 416, "*/5"),
        (0, 0, 0, 200, "*/0"),
        (0, 0, None, 200, "*/*"),
        (7, 0, None, 200, "*/*"),
    ],
)
def test_ranges(offset, shown, total, status, content_range):
    """The status tells whether all rows are shown, where their number is known."""
    answered = shape(replace(ANSWER, count=Count.EXACT), offset=offset, shown=shown, total=total)
    assert answered.status == status
    assert header(answered, "Content-Range") == content_range


def test_an_offset_behind_the_last_row():
    """The body is an error's, the headers are those of any answer."""
    answered = shape(replace(ANSWER, count=Count.EXACT), offset=9, shown=0, total=3)
    assert answered.body == (
        b'{"code":"PGRST103","details":"An offset of 9 was requested, but there are only 3 rows.",'
        b'"hint":null,"message":"Requested range not satisfiable"}'
    )
    assert header(answered, "Content-Location") == "/t?a=eq.1"
    assert header(answered, "Proxy-Status") is None


def test_head_has_headers_only():
    """HEAD has neither a body nor its length."""
    answered = shape(replace(ANSWER, method="HEAD", has_body=False), body="")
    assert answered.body == b""
    assert header(answered, "Content-Length") is None
    assert header(answered, "Content-Type") == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("count", "rows_max", "total", "planned", "expected"),
    [
        (Count.PLANNED, None, None, 77, "0-1/77"),
        (Count.ESTIMATED, 10, 5, 77, "0-1/5"),
        (Count.ESTIMATED, 10, 11, 77, "0-1/77"),
        (Count.ESTIMATED, 10, 11, 3, "0-1/11"),
        (Count.ESTIMATED, None, 5, 77, "0-1/77"),
    ],
)
def test_counts_that_are_not_exact(count, rows_max, total, planned, expected):
    """An estimate is the planner's where rows were not counted to the end."""
    answer = replace(ANSWER, count=count, rows_max=rows_max)
    assert header(shape(answer, total=total, planned=planned), "Content-Range") == expected


@pytest.mark.parametrize("shown", [0, 2])
def test_a_single_object_of_another_number_of_rows(shown):
    """A single object must be one row."""
    with pytest.raises(Refusal) as refused:
        shape(replace(ANSWER, format=OBJECT), shown=shown)
    assert refused.value.code == "PGRST116"
    assert refused.value.status == 406
    assert refused.value.details == f"The result contains {shown} rows"


@pytest.mark.parametrize(
    ("action", "representation", "resolution", "inserted", "status"),
    [
        (Action.INSERT, None, None, None, 201),
        (Action.INSERT, Return.REPRESENTATION, Resolution.MERGE, 0, 200),
        (Action.INSERT, Return.REPRESENTATION, Resolution.MERGE, 1, 201),
        (Action.INSERT, None, None, 0, 200),
        (Action.INSERT, None, Resolution.IGNORE, None, 201),
        (Action.UPDATE, None, None, None, 204),
        (Action.UPDATE, Return.REPRESENTATION, None, None, 200),
        (Action.DELETE, Return.HEADERS_ONLY, None, None, 204),
        (Action.DELETE, Return.REPRESENTATION, None, None, 200),
    ],
)
def test_the_status_of_a_mutation(action, representation, resolution, inserted, status):
    """Each verb has its status, by what is returned and what was new."""
    answer = mutation(action, representation=representation, resolution=resolution)
    assert shape(answer, inserted=inserted).status == status


@pytest.mark.parametrize(
    ("representation", "inserted", "status"),
    [(None, 1, 204), (Return.REPRESENTATION, 1, 201), (Return.REPRESENTATION, 0, 200)],
)
def test_the_status_of_a_put(representation, inserted, status):
    """PUT tells a new row from an old one where it is returned."""
    answer = mutation(Action.PUT, representation=representation, has_key=True)
    answered = shape(answer, shown=1, inserted=inserted)
    assert answered.status == status
    assert header(answered, "Content-Range") is None


def test_a_put_that_made_no_row():
    """A PUT whose body is not the row of its URL is refused."""
    with pytest.raises(Refusal) as refused:
        shape(mutation(Action.PUT, has_key=True), shown=0)
    assert refused.value.code == "PGRST115"


@pytest.mark.parametrize(
    ("action", "count", "expected"),
    [
        (Action.INSERT, None, "*/*"),
        (Action.INSERT, Count.EXACT, "*/2"),
        (Action.UPDATE, None, "0-1/*"),
        (Action.UPDATE, Count.ESTIMATED, "0-1/2"),
        (Action.DELETE, Count.PLANNED, "*/*"),
        (Action.DELETE, Count.EXACT, "*/2"),
    ],
)
def test_the_range_of_a_mutation(action, count, expected):
    """A mutation's range counts the rows that it touched."""
    assert header(shape(mutation(action, count=count)), "Content-Range") == expected


def test_a_204_has_no_type_and_no_length():
    """Nothing describes a body that is not there."""
    answered = shape(mutation(Action.UPDATE))
    assert [name for name, _ in answered.headers] == ["Content-Range", "Vary"]


def test_an_empty_201_has_a_length():
    """A 201 without a body says that it is empty."""
    answered = shape(mutation(Action.INSERT), body="")
    assert header(answered, "Content-Length") == "0"
    assert header(answered, "Content-Type") is None


def test_a_location_is_encoded():
    """A key's value is percent-encoded behind its operator."""
    answered = shape(mutation(Action.INSERT), location=["a b=eq.x&y=z", "k=is.null"])
    assert header(answered, "Location") == "/t?a%20b=eq.x%26y%3Dz&k=is.null"


def test_a_void_function():
    """A function that returns nothing answers with nothing."""
    answer = replace(ANSWER, action=Action.CALL, is_void=True)
    answered = shape(answer, shown=1, body="")
    assert answered.status == 204
    assert header(answered, "Content-Range") == "0-0/*"
    assert header(answered, "Content-Type") is None


def test_preferences_are_echoed_in_their_order():
    """Those of the shape stand before, those of the request behind."""
    answer = mutation(
        Action.UPDATE,
        applied=("missing=default", "count=exact"),
        handling="handling=strict",
        is_transaction_shown=True,
        is_limited=True,
    )
    preferences = Preferences(transaction="rollback", timezone="UTC", rows_affected_max=5)
    answered = shape(answer, preferences=preferences)
    assert header(answered, "Preference-Applied") == (
        "missing=default, count=exact, tx=rollback, handling=strict, timezone=UTC, max-affected=5"
    )


def test_a_transaction_that_may_not_be_chosen_is_not_echoed():
    """Where the end of a transaction is fixed, `tx` has no effect."""
    answered = shape(preferences=Preferences(transaction="rollback"))
    assert header(answered, "Preference-Applied") is None


def test_too_many_rows_affected():
    """More rows than the client would have are refused."""
    answer = mutation(Action.DELETE, is_limited=True)
    with pytest.raises(Refusal) as refused:
        shape(answer, shown=7, preferences=Preferences(rows_affected_max=6))
    assert refused.value.code == "PGRST124"
    assert refused.value.details == "The query affects 7 rows"


def test_headers_and_status_from_sql():
    """What SQL sets wins over what is ours."""
    answered = shape(status="418", headers='[{"content-type": "text/tea"}, {"X": "1"}]')
    assert answered.status == 418
    assert header(answered, "Content-Type") is None
    assert header(answered, "content-type") == "text/tea"
    assert header(answered, "X") == "1"
    assert header(answered, "Content-Length") == "5"


def test_a_profile():
    """The schema is named beside the type where profiles are in use."""
    assert header(shape(is_profile_shown=True), "Content-Profile") == "s"


def test_a_body_of_bytes_is_passed_through():
    """Bytes are the body as they are."""
    assert shape(body=b"\x00\xff").body == b"\x00\xff"


def test_options():
    """OPTIONS has no body and says what is allowed."""
    asked = Request(
        shape=Shape(action=Action.INSPECT, method="OPTIONS", schema="s", name="t"),
        values=(),
        preferences=Preferences(),
        is_profile_shown=False,
        location="",
    )
    answered = reply.shape(Outcome(row=None), InspectPlan(allow="OPTIONS,GET,HEAD"), asked)
    assert answered.status == 200
    assert header(answered, "Allow") == "OPTIONS,GET,HEAD"
    assert header(answered, "Access-Control-Allow-Origin") == "*"


def test_a_patch_that_ran_nothing():
    """Where nothing was to be done, no row is returned."""
    answer = replace(mutation(Action.UPDATE, representation=Return.REPRESENTATION), has_body=True)
    asked = Request(
        shape=Shape(action=Action.UPDATE, method="PATCH", schema="s", name="t"),
        values=(),
        preferences=Preferences(),
        is_profile_shown=False,
        location="",
    )
    root = ReadNode(relation=TableName("s", "t"))
    answered = reply.shape(Outcome(row=None), ReadPlan(root=root, answer=answer), asked)
    assert (answered.status, answered.body) == (200, b"[]")
