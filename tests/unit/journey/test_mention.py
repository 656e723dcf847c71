"""What a text likely writes to."""

import pytest

from changeover.journey.checks.mention import (
    Body,
    called_names,
    calls_out,
    catches_by_name,
    mentioned_tables,
    writing_bodies,
    written_tables,
)
from changeover.model.name import TableName

ITEM = TableName("public", "item")
ODD = TableName("Склад", 'od"d')


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO public.item VALUES (1)",
        "insert\n into item(id) select 1",
        'INSERT INTO "public"."item" DEFAULT VALUES',
        'UPDATE ONLY public . "item" SET id = 1',
        "DELETE FROM only item",
        "TRUNCATE other, public.item CASCADE",
        "TRUNCATE TABLE item",
        "MERGE INTO item USING x ON true WHEN MATCHED THEN DELETE",
        "EXECUTE 'update public.item set id = 1'",
        "EXECUTE format('INSERT INTO %I.%I VALUES (1)', 'public', 'item')",
        "x := 'a -- b'; INSERT INTO item VALUES (1)",
        "plpy.execute('delete from item')",
    ],
)
def test_a_write_is_seen(text):
    """Every way of writing a table is found, also inside literals."""
    assert [mention.table for mention in written_tables(text, [ITEM])] == [ITEM]


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO auth.item VALUES (1)",
        'INSERT INTO "auth"."item" VALUES (1)',
        "INSERT INTO items VALUES (1)",
        "INSERT INTO my_item VALUES (1)",
        "SELECT * FROM public.item FOR UPDATE",
        "-- INSERT INTO item\nSELECT 1",
        "/* delete from item */ SELECT 1",
        "-- don't\n INSERT INTO other VALUES ('--') -- item",
    ],
)
def test_what_writes_elsewhere_is_left_alone(text):
    """Other tables, reads and comments are no writes."""
    assert written_tables(text, [ITEM]) == ()


def test_names_of_every_alphabet_are_found():
    """Quoted names with quotes and letters beyond ASCII are found as they are written."""
    text = 'INSERT INTO "Склад"."od""d" VALUES (1)'
    assert [mention.table for mention in written_tables(text, [ITEM, ODD])] == [ODD]


def test_a_read_is_a_mention():
    """A table that is only read is mentioned, not written."""
    assert mentioned_tables("SELECT FROM public.item", [ITEM, ODD]) == (ITEM,)


def body(number, name, text):
    """Return a function."""
    return Body(number=number, schema="public", name=name, language="plpgsql", text=text)


def test_writes_are_followed_through_calls():
    """A function that calls one that calls one that writes is found; cycles end."""
    found = writing_bodies(
        [
            body(1, "first", "PERFORM public.second(); PERFORM first()"),
            body(2, "second", 'SELECT "Third"(1), first()'),
            body(3, "Third", "DELETE FROM item"),
            body(4, "other", "PERFORM third()"),
        ],
        [ITEM],
    )
    assert set(found) == {1, 2, 3}
    assert found[1][0].how == (
        'calls public.second(), which calls public."Third"(), which writes to it'
    )


def test_calls_are_read_as_the_server_folds_them():
    """Unquoted names are folded, quoted ones kept."""
    assert called_names('PERFORM Public.Note_It(1), "Note_It" (2)') == {"note_it", "Note_It"}


@pytest.mark.parametrize(
    ("text", "is_caught"),
    [
        ("EXCEPTION WHEN assert_failure THEN NULL", True),
        ("EXCEPTION WHEN unique_violation OR ASSERT_FAILURE THEN NULL", True),
        ("EXCEPTION WHEN SQLSTATE 'P0004' THEN NULL", True),
        ("EXCEPTION WHEN OTHERS THEN NULL", False),
        ("-- WHEN assert_failure\nEXCEPTION WHEN OTHERS THEN NULL", False),
        ("RAISE SQLSTATE 'P0004'", False),
    ],
)
def test_handlers_by_name_are_told_from_others(text, is_caught):
    """Only a handler that names the error can swallow the fence's refusal."""
    assert catches_by_name(text) is is_caught


@pytest.mark.parametrize(
    ("text", "is_call"),
    [
        ("PERFORM net.http_post('https://example.org')", True),
        ("SELECT status FROM http_get('https://example.org')", True),
        ("SELECT supabase_functions.http_request()", True),
        ("SELECT http_status FROM log", False),
    ],
)
def test_http_requests_are_seen(text, is_call):
    """Calls of pg_net, of http and of Supabase's webhooks are found."""
    assert calls_out(text) is is_call
