"""Statements of mutations and calls: their text depends on a request's shape, never on values."""

import re

import pytest

from changeover.catalog.snapshot import ApiColumn, Parameter, Relation, Routine, Snapshot
from changeover.engine import plan, render, request
from changeover.engine.message import Message
from changeover.engine.settings import ApiSettings
from changeover.model.name import TableName

SETTINGS = ApiSettings(schemas=("api",))


def _column(name, type_="text", default=None):
    return ApiColumn(name=name, type=type_, base_type=type_, is_nullable=True, default=default)


def _routine(name, *parameters, **more):
    return Routine(
        name=TableName("api", name),
        parameters=parameters,
        **{"returns": "scalar", "is_set": False, "returned_type": "text", **more},
    )


def _parameter(name, type_="text", **more):
    facts = {"is_required": True, **more}
    return Parameter(name=name, type=type_, type_without_length=type_, **facts)


_TABLE = Relation(
    name=TableName("api", "t"),
    kind="r",
    is_insertable=True,
    is_updatable=True,
    is_deletable=True,
    columns=(
        _column("a", "integer", "nextval('api.s'::regclass)"),
        _column("b"),
        _column("j", "json"),
    ),
    primary_key=("a",),
)
_ROUTINES = (
    _routine("f", _parameter("a"), _parameter("b")),
    _routine("v", _parameter("n", "integer[]", is_variadic=True), is_variadic=True),
    _routine("x", _parameter("", "xml")),
    _routine("o", _parameter("", "bytea")),
)
SNAPSHOT = Snapshot(
    version=180_000,
    schemas=("api",),
    relations={_TABLE.name: _TABLE},
    relationships={},
    routines={one.name: (one,) for one in _ROUTINES},
)


def work_of(method, path, query="", body="", **headers):
    """Return the work of a request; a name's underscores are a header's hyphens."""
    message = Message(
        method=method,
        path=path,
        query=query,
        headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
        body=body.encode(),
    )
    asked = request.parse(message, SETTINGS)
    return render.work(plan.resolve(asked.shape, SNAPSHOT, SETTINGS)), asked


FULL = {"prefer": "return=representation"}
REQUESTS = [
    ("POST", "/t", "", '{"a": 1, "b": "V"}', {}),
    ("POST", "/t", "select=b,j->k&order=b", '[{"a": 1, "b": "V"}]', FULL),
    ("POST", "/t", "columns=a,b", '[{"b": "V"}]', {"prefer": "missing=default"}),
    ("POST", "/t", "", '{"a": 1, "b": "V"}', {"prefer": "resolution=merge-duplicates"}),
    ("POST", "/t", "", '{"a": 1, "b": "V"}', {"prefer": "return=headers-only"}),
    ("PATCH", "/t", "a=eq.V&or=(b.eq.V,b.in.(V,w))", '{"b": "V"}', FULL),
    ("PATCH", "/t", "j->>k=eq.V&b=fts(english).V", '{"b": "V"}', {}),
    ("PUT", "/t", "a=eq.V", '{"a": 1, "b": "V"}', FULL),
    ("DELETE", "/t", "b=like.V*&a=lt.V", "", FULL),
    ("GET", "/rpc/f", "a=V&b=V", "", {}),
    ("GET", "/rpc/v", "n=V&n=V&n=V", "", {}),
    ("POST", "/rpc/f", "", '{"a": "V", "b": "V"}', {}),
    ("POST", "/rpc/f", "", "a=V&b=V", {"content_type": "application/x-www-form-urlencoded"}),
    ("POST", "/rpc/x", "", "<V/>", {"content_type": "text/xml"}),
    ("POST", "/rpc/o", "", "V", {"content_type": "application/octet-stream"}),
]


@pytest.mark.parametrize(("method", "path", "query", "body", "headers"), REQUESTS)
def test_values_are_not_in_the_text(method, path, query, body, headers):
    """Two requests that differ in values have one text, and no value stands in it."""
    texts = set()
    for value in ("marker17", "' OR DROP -- $1"):
        encoded = query.replace("V", value.replace("'", "%27"))
        work, asked = work_of(method, path, encoded, body.replace("V", value), **headers)
        texts.add(work.main.text)
        assert any(value in str(one) for one in asked.values)
    (text,) = texts
    assert "marker17" not in text
    assert "DROP" not in text


@pytest.mark.parametrize(("method", "path", "query", "body", "headers"), REQUESTS)
def test_each_placeholder_has_a_value(method, path, query, body, headers):
    """Placeholders are numbered from 1, and each has its slot."""
    work, asked = work_of(method, path, query, body, **headers)
    numbers = {int(number) for number in re.findall(r"\$(\d+)", work.main.text)}
    assert numbers == set(range(1, len(work.main.slots) + 1))
    assert all(0 <= slot < len(asked.values) for slot in work.main.slots)


def test_a_raw_argument_has_the_type_of_its_parameter():
    """A body of XML is cast to xml, an octet stream stays bytes."""
    work, _ = work_of("POST", "/rpc/x", body="<a/>", content_type="text/xml")
    assert '"api"."x"($1::xml)' in work.main.text
    work, asked = work_of("POST", "/rpc/o", body="x", content_type="application/octet-stream")
    assert '"api"."o"($1::bytea)' in work.main.text
    assert asked.values[work.main.slots[0]] == b"x"


@pytest.mark.parametrize(
    ("method", "path", "headers", "can_refuse"),
    [
        ("POST", "/t", {}, False),
        ("POST", "/t", {"accept": "application/vnd.pgrst.object+json"}, True),
        ("PATCH", "/t", {"prefer": "max-affected=1"}, False),
        ("PATCH", "/t", {"prefer": "handling=strict,max-affected=1"}, True),
        ("POST", "/t", {"prefer": "handling=strict,max-affected=1"}, False),
    ],
)
def test_what_must_not_be_committed_unseen(method, path, headers, can_refuse):
    """The answer is looked at before the commit only where it may be a refusal."""
    work, _ = work_of(method, path, body='{"b": 1}', **headers)
    assert work.can_refuse is can_refuse
    assert not work.is_read_only


def test_a_put_may_be_refused():
    """A PUT must have made one row."""
    work, _ = work_of("PUT", "/t", "a=eq.1", '{"a": 1}')
    assert work.can_refuse
