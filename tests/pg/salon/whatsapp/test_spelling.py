"""Two spellings of a session's name: the wrong one is refused, and joined exactly, not LIKE it."""

import pytest
from whatsapp_way import NAMES

from changeover import TransactionUnavailableError
from salon.error import InvalidArgumentError
from salon.whatsapp import SpellingConflictError

KEY = (
    "INSERT INTO whatsapp_keys (company_id, key_type, key_id, value, updated_at)"
    " VALUES (%s, %s, %s, to_jsonb(%s::text), %s)"
)
AUTH = (
    "INSERT INTO whatsapp_auth (company_id, creds, updated_at)"
    """ VALUES (%s, jsonb_build_object('signedIdentityKey', jsonb_build_object('public',"""
    """ jsonb_build_object('type', 'Buffer', 'data', %s::text))), %s)"""
)
OLD, NEW = "2026-01-01", "2026-02-01"


def rows(way):
    """Return all keys: name, type, id, value."""
    query = "SELECT company_id, key_type, key_id, value FROM whatsapp_keys ORDER BY 1, 2, 3"
    return way.sql.execute(query).fetchall()


def test_the_spelling_with_the_prefix_is_refused_by_every_call(way, tmp_path):
    """No call writes or reads under it."""
    store = way.store()
    for act in (
        lambda: store.open("company_42", dict),
        lambda: store.remove("company_42"),
        lambda: store.export_to("company_42", tmp_path / "x"),
        lambda: store.import_from("company_42", tmp_path),
        lambda: store.merge_spellings("company_42"),
    ):
        with pytest.raises(InvalidArgumentError):
            way.done(act())
    assert way.ask("SELECT count(*) FROM whatsapp_auth") == 0


@pytest.mark.parametrize("name", NAMES[:2])
def test_two_spellings_are_joined_exactly(make_way, name):
    """`_` is no wildcard, a key is its type and its id, and the newer value stays."""
    way = make_way(name)
    for row in (
        ("company_4_2", "session", "1", "newer", NEW),
        ("4_2", "session", "1", "older", OLD),
        ("company_4_2", "session", "2", "older", OLD),
        ("4_2", "session", "2", "newer", NEW),
        ("company_4_2", "pre-key", "1", "of another type", OLD),
        ("companyX4_2", "session", "1", "stranger", NEW),
        ("company_4X2", "session", "1", "stranger", NEW),
        ("4X2", "session", "1", "stranger", NEW),
    ):
        way.sql.execute(KEY, row)
    way.sql.execute(AUTH, ("company_4_2", "AP8=", NEW))
    assert way.done(way.store().merge_spellings("4_2")) == 3
    assert rows(way) == [
        ("4X2", "session", "1", "stranger"),
        ("4_2", "pre-key", "1", "of another type"),
        ("4_2", "session", "1", "newer"),
        ("4_2", "session", "2", "newer"),
        ("companyX4_2", "session", "1", "stranger"),
        ("company_4X2", "session", "1", "stranger"),
    ]
    assert way.ask("SELECT array_agg(company_id) FROM whatsapp_auth") == ["4_2"]
    assert way.done(way.store().open("4_2")).creds["signedIdentityKey"]["public"] == b"\x00\xff"
    assert way.done(way.store().merge_spellings("4_2")) == 0


@pytest.mark.parametrize("name", NAMES[:2])
def test_sessions_of_two_devices_are_not_joined(make_way, name):
    """Their keys don't fit each other; nothing changes."""
    way = make_way(name)
    way.sql.execute(AUTH, ("company_42", "AP8=", NEW))
    way.sql.execute(AUTH, ("42", "AAA=", OLD))
    way.sql.execute(KEY, ("company_42", "session", "1", "x", NEW))
    with pytest.raises(SpellingConflictError):
        way.done(way.store().merge_spellings("42"))
    assert rows(way) == [("company_42", "session", "1", "x")]


@pytest.mark.parametrize("name", NAMES[2:])
def test_without_transactions_they_are_not_joined(make_way, name):
    """Half of it would be worse than none."""
    way = make_way(name)
    with pytest.raises(TransactionUnavailableError):
        way.done(way.store().merge_spellings("42"))
