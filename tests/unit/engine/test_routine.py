"""Functions are matched by the set of argument names, and refused in PostgREST's words."""

import pytest

from changeover.catalog.snapshot import Parameter, Routine, Snapshot
from changeover.engine import routine
from changeover.engine.refusal import Refusal
from changeover.model.name import TableName

JSON = "application/json"


def function(name, *parameters, schema="api"):
    """Return a function; a parameter is `name:type`, with `?` behind it if it has a default."""
    listed = []
    for one in parameters:
        own, kind = one.rstrip("?").split(":")
        listed.append(
            Parameter(
                name=own, type=kind, type_without_length=kind, is_required=not one.endswith("?")
            )
        )
    return Routine(
        name=TableName(schema, name),
        parameters=tuple(listed),
        returns="scalar",
        is_set=False,
        returned_type="integer",
    )


def snapshot_with(*functions):
    """Return a snapshot of some functions, in this order."""
    routines = {}
    for one in functions:
        routines[one.name] = (*routines.get(one.name, ()), one)
    return Snapshot(
        version=180_000, schemas=("api",), relations={}, relationships={}, routines=routines
    )


def refused(functions, name, *arguments, content_type=JSON, is_post=False):
    """Return how a call is refused."""
    with pytest.raises(Refusal) as caught:
        routine.find(
            snapshot_with(*functions), "api", name, frozenset(arguments), content_type, is_post
        )
    return caught.value


@pytest.mark.parametrize(
    ("parameters", "arguments", "is_match"),
    [
        ((), (), True),
        ((), ("a",), False),
        (("a:integer", "b:text"), ("b", "a"), True),
        (("a:integer", "b:text"), ("a",), False),
        (("a:integer",), ("a", "b"), False),
        (("a:integer?",), (), True),
        (("a:integer?", "b:integer?"), ("b",), True),
        (("a:integer?",), ("c",), False),
        (("a:integer", "b:integer?"), ("a",), True),
        (("a:integer", "b:integer?"), ("a", "b"), True),
        (("a:integer", "b:integer?"), ("b",), False),
    ],
)
def test_required_ones_and_defaulted_ones(parameters, arguments, is_match):
    """All required parameters are sent, and nothing beside them but defaulted ones."""
    one = function("f", *parameters)
    if is_match:
        found = routine.find(snapshot_with(one), "api", "f", frozenset(arguments), JSON, False)
        assert found is one
    else:
        assert refused([one], "f", *arguments).code == "PGRST202"


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("json", JSON),
        ("jsonb", JSON),
        ("text", "text/plain"),
        ("xml", "text/xml"),
        ("bytea", "application/octet-stream"),
    ],
)
def test_a_body_for_an_unnamed_parameter(kind, content_type):
    """A POST's body goes to the only, unnamed parameter of the type that the body has."""
    one = function("f", f":{kind}")
    snapshot = snapshot_with(one)
    arguments = frozenset({"x"}) if content_type == JSON else frozenset()
    assert routine.find(snapshot, "api", "f", arguments, content_type, True) is one
    assert routine.takes_body(one, content_type)
    assert refused([one], "f", *arguments, content_type=content_type).code == "PGRST202"
    assert not routine.takes_body(function("f", f"a:{kind}"), content_type)
    assert not routine.takes_body(function("f", ":integer"), content_type)


def test_named_parameters_come_before_an_unnamed_one():
    """The unnamed one serves only where no names match."""
    named, unnamed = function("f", "a:integer"), function("f", ":json")
    snapshot = snapshot_with(unnamed, named)
    assert routine.find(snapshot, "api", "f", frozenset({"a"}), JSON, True) is named
    assert routine.find(snapshot, "api", "f", frozenset({"b"}), JSON, True) is unnamed


def test_a_raw_body_is_not_for_a_function_without_parameters():
    """A POST of text does not call what takes nothing."""
    refusal = refused([function("f")], "f", content_type="text/plain", is_post=True)
    assert refusal.message == "Could not find the function api.f in the schema cache"
    assert refusal.details == (
        "Searched for the function api.f with a single unnamed text parameter,"
        " but no matches were found in the schema cache."
    )
    assert refusal.hint is None


@pytest.mark.parametrize(
    ("arguments", "is_post", "shown", "sought"),
    [
        ((), False, " without parameters", " without parameters"),
        (("a",), False, "(a)", " with parameter a"),
        (("b", "a"), False, "(a, b)", " with parameters a, b"),
        (
            ("b", "a"),
            True,
            "(a, b)",
            " with parameters a, b or with a single unnamed json/jsonb parameter",
        ),
        (
            (),
            True,
            " without parameters",
            " without parameters or with a single unnamed json/jsonb parameter",
        ),
    ],
)
def test_a_call_that_matches_nothing(arguments, is_post, shown, sought):
    """PGRST202 says what was called and what was looked for."""
    refusal = refused([], "f", *arguments, is_post=is_post)
    assert (refusal.code, refusal.status) == ("PGRST202", 404)
    assert refusal.message == f"Could not find the function api.f{shown} in the schema cache"
    assert refusal.details == (
        f"Searched for the function api.f{sought}, but no matches were found in the schema cache."
    )


def test_a_form_is_no_json():
    """Only for a POST of JSON the unnamed parameter is mentioned."""
    refusal = refused([], "f", "a", content_type="application/x-www-form-urlencoded", is_post=True)
    assert "unnamed" not in refusal.details


TESTS = (
    function("test", "val:text", "param:text", "name:text"),
    function("test", "id:text", "attr:text"),
    function("another"),
    function("hidden", schema="private"),
)


@pytest.mark.parametrize(
    ("name", "arguments", "hint"),
    [
        ("testt", ("val", "param", "name"), "test"),
        ("other", (), None),
        ("hidden", (), None),
        ("noclosealternative", (), None),
        ("test", ("vall", "pqaram", "nam"), "test(name, param, val)"),
        ("test", ("val", "param"), "test(name, param, val)"),
        ("test", ("id", "attrs"), "test(attr, id)"),
        ("test", ("id",), "test(attr, id)"),
        ("test", ("noclosealternative",), None),
    ],
)
def test_the_nearest_function_is_suggested(name, arguments, hint):
    """An unknown name: the nearest name; a known one: the nearest list of parameters."""
    expected = None if hint is None else f"Perhaps you meant to call the function api.{hint}"
    assert refused(TESTS, name, *arguments).hint == expected


def test_several_matches_are_refused():
    """PGRST203 lists the candidates with their types."""
    refusal = refused([function("f", "a:integer"), function("f", "a:text", "b:text?")], "f", "a")
    assert (refusal.code, refusal.status, refusal.details) == ("PGRST203", 300, None)
    assert refusal.message == (
        "Could not choose the best candidate function between:"
        " api.f(a => integer), api.f(a => text, b => text)"
    )
    assert refusal.hint == (
        "Try renaming the parameters or the function itself in the database so function"
        " overloading can be resolved"
    )


def test_several_unnamed_ones_are_refused():
    """Two functions that would take the body are ambiguous too."""
    refusal = refused([function("f", ":json"), function("f", ":jsonb")], "f", "x", is_post=True)
    assert refusal.message.endswith("between: api.f( => json), api.f( => jsonb)")
