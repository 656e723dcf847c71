"""PostgREST's file format."""

from pathlib import Path

import pytest

from changeover.gateway.postgrest_file import read_file
from changeover.model.errors import ConfigurationError


def read(text, *, environment=None, **others):
    """Return what a file of this text holds; others are files that it may import."""
    files = {"main.conf": text} | {name + ".conf": inner for name, inner in others.items()}
    return read_file(Path("main.conf"), environment or {}, lambda path: files[path.name])


def test_a_file_is_keys_with_values():
    """Texts, numbers, truths, comments and lists are read."""
    text = """
    # a comment
    db-uri = "postgres://authenticator@host/db"   # behind a value
    db-pool = 10
    db-schemas = "api, public"
    db-plan-enabled = true
    log-query = off
    server-cors-allowed-origins = ["https://a.example", "https://b.example"]
    app.settings.x-y = "1"
    """
    assert read(text) == {
        "db-uri": "postgres://authenticator@host/db",
        "db-pool": 10,
        "db-schemas": "api, public",
        "db-plan-enabled": True,
        "log-query": False,
        "server-cors-allowed-origins": "https://a.example,https://b.example",
        "app.settings.x-y": "1",
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"pa$$word", "pa$word"),
        (r"$.role", "$.role"),
        (r"$$.role", "$.role"),
        (r"a\"b\\c\n", 'a"b\\c\n'),
        (r"\u00e9", "é"),
        (r"$(HOME)/x", "/home/me/x"),
        (r"$(first)-$(nowhere)", "one-"),
        (r"Иван # no comment", "Иван # no comment"),
    ],
)
def test_a_text_is_written_so(written, meant):
    """Dollars are doubled, backslashes escape, brackets behind a dollar name something."""
    text = f'first = "one"\nkey = "{written}"'
    assert read(text, environment={"HOME": "/home/me"})["key"] == meant


def test_groups_and_imports():
    """A group's name stands before its keys; an imported file is read in its place."""
    text = 'db-pool = 1\napp { settings { a = "1" } }\nimport "other.conf"'
    assert read(text, other='db-pool = 2\njwt-aud = "x"') == {
        "db-pool": 2,
        "app.settings.a": "1",
        "jwt-aud": "x",
    }


def test_the_last_of_two_keys_stays():
    """A key may be written twice."""
    assert read("db-pool = 1\ndb-pool = 2") == {"db-pool": 2}


@pytest.mark.parametrize(
    "text",
    [
        "db-pool",
        "db-pool =",
        'jwt-secret = "planted',
        "jwt-secret = planted",
        'app { a = "planted"',
        "= 3",
        "db-schemas = [1 2]",
        'import "main.conf"',
    ],
)
def test_what_can_not_be_read_is_refused_without_being_shown(text):
    """The error says where, and quotes no value."""
    with pytest.raises(ConfigurationError) as raised:
        read(text)
    assert "main.conf" in raised.value.message
    assert "planted" not in f"{raised.value.message}{raised.value.hint}"
