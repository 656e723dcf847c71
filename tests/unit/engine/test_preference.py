"""The `Prefer` header."""

import pytest

from changeover.engine.message import Message
from changeover.engine.preference import preferences
from changeover.engine.request import parse
from changeover.engine.settings import ApiSettings, TransactionEnd
from changeover.engine.syntax import Count, Preferences, Resolution, Return


def read(*headers, has_override=True):
    """Read headers."""
    return preferences(headers, has_override=has_override)


def test_every_preference():
    """Several headers are one list, blanks around its members do not count."""
    found = read(
        "resolution=merge-duplicates , return=headers-only,count=planned",
        "tx=rollback,missing=default,handling=strict",
        "timezone=Europe/Rome,max-affected=5, other, params=single-object",
    )
    assert found == Preferences(
        resolution=Resolution.MERGE,
        representation=Return.HEADERS_ONLY,
        count=Count.PLANNED,
        transaction="rollback",
        missing="default",
        is_strict=True,
        timezone="Europe/Rome",
        rows_affected_max=5,
        unknown=("other", "params=single-object"),
    )


def test_the_first_of_a_kind_counts():
    """A later one is known and without effect."""
    found = read("return=minimal,return=representation,max-affected=x,max-affected=1,tx=commit")
    assert found.representation is Return.MINIMAL
    assert found.rows_affected_max is None
    assert found.transaction == "commit"
    assert found.unknown == ()


@pytest.mark.parametrize("text", ["Return=minimal", "return = minimal", "return=Minimal", "count"])
def test_tokens_are_exact(text):
    """Case and blanks inside of a token count."""
    assert read(text) == Preferences(unknown=(text,))


def test_a_token_can_be_shown():
    """A header may hold what no answer can."""
    assert read("x\udc80").unknown == ("x?",)


def test_an_empty_header_says_nothing():
    """An empty token between commas is a token."""
    assert read("") == Preferences()
    assert read("handling=lenient,").unknown == ("",)


def test_the_end_of_a_transaction_is_the_clients_only_where_allowed():
    """Elsewhere it is ignored, and known."""
    assert read("tx=rollback", has_override=False) == Preferences()
    message = Message(method="GET", path="/note", headers=(("prefer", "tx=rollback"),))
    assert parse(message, ApiSettings()).preferences.transaction is None
    settings = ApiSettings(transaction_end=TransactionEnd.COMMIT_ALLOW_OVERRIDE)
    assert parse(message, settings).preferences.transaction == "rollback"


def test_unknown_tokens_are_part_of_the_shape_only_under_strict():
    """So that they do not part requests that are planned alike."""
    shapes = [
        parse(Message(method="GET", path="/note", headers=(("prefer", text),)), ApiSettings()).shape
        for text in ("x", "y", "handling=strict,x")
    ]
    assert shapes[0] == shapes[1]
    assert shapes[2].unknown_preferences == ("x",)
