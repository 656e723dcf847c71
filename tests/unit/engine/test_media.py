"""What clients accept."""

import pytest

from changeover.engine.media import accepted, media
from changeover.engine.syntax import Media


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("application/json", "json", "application/json"),
        ("Application/JSON;charset=utf-8", "json", "application/json"),
        ("application/vnd.pgrst.array", "json", "application/json"),
        ("application/vnd.pgrst.array+json;nulls=x", "json", "application/json"),
        ("text/csv", "csv", "text/csv"),
        ("text/xml", "xml", "text/xml"),
        ("application/octet-stream", "octets", "application/octet-stream"),
        ("*/*", "any", "*/*"),
        ("application/*", "other", "application/*"),
        ("Text/X;a=B", "other", "Text/X;a=B"),
        ("json", "other", "json"),
        ("", "other", ""),
    ],
)
def test_kinds(text, kind, shown):
    """Known types in any case and by their own name, others as written."""
    found = media(text)
    assert (found.kind, found.text) == (kind, shown)


def test_nulls_may_be_stripped():
    """The parameter's name in any case, its value exactly."""
    stripped = "application/vnd.pgrst.array+json;nulls=stripped"
    assert media("application/vnd.pgrst.array;NULLS=stripped") == Media("array", stripped, True)
    assert media("application/vnd.pgrst.object") == Media(
        "object", "application/vnd.pgrst.object+json"
    )
    assert media('application/vnd.pgrst.object+json;nulls="stripped"').are_nulls_stripped
    assert not media("application/vnd.pgrst.object+json;nulls=Stripped").are_nulls_stripped


def test_plans():
    """A plan's format, what it is for, and the options that are known."""
    found = media('application/vnd.pgrst.plan+json;for="text/csv";options=wal|analyze|x')
    assert found.plan == ("json", Media("csv", "text/csv"), ("analyze", "wal"))
    assert found.text == ('application/vnd.pgrst.plan+json; for="text/csv"; options=analyze|wal')
    assert media("application/vnd.pgrst.plan").plan == (
        "text",
        Media("json", "application/json"),
        (),
    )


@pytest.mark.parametrize(
    ("header", "texts"),
    [
        (None, ["*/*"]),
        ("", []),
        ("text/csv, */*", ["text/csv", "*/*"]),
        ("*/*, text/csv", ["text/csv", "*/*"]),
        ("a/b;q=0.5,c/d;q=0.8 ,e/f", ["e/f", "c/d", "a/b"]),
        ("a/b,c/d;x=1", ["c/d;x=1", "a/b"]),
        ("a/*,*/*,c/d", ["c/d", "a/*", "*/*"]),
        ("a/b;q=x,c/d;q=0.9", ["a/b", "c/d"]),
        ("a/b; q=0.1 ; z=1,c/d;q=0.2", ["c/d", "a/b"]),
        ("a/b,,", ["a/b", "", ""]),
    ],
)
def test_the_best_comes_first(header, texts):
    """By quality, then by how exact it is, else as written."""
    assert [one.text for one in accepted(header)] == texts
