"""Upserts: rows whose key exists."""

import psycopg
import pytest

MERGE = "resolution=merge-duplicates"
IGNORE = "resolution=ignore-duplicates"


def _pairs(api):
    return api.rows("SELECT a, b, value FROM api.pair ORDER BY a, b")


def test_all_merged_is_200(api):
    """Rows that exist are updated; none is new."""
    answer = api.send("POST", "/pair", [{"a": 1, "b": "x", "value": "new"}], prefer=MERGE)
    assert (answer.status, answer.text) == (200, "")
    assert answer.header("Preference-Applied") == MERGE
    assert _pairs(api) == [(1, "x", "new"), (1, "y", "second")]


def test_one_new_is_201(api):
    """One new row among them makes it 201."""
    body = [{"a": 1, "b": "x", "value": "new"}, {"a": 2, "b": "x", "value": "third"}]
    answer = api.send("POST", "/pair", body, prefer=f"{MERGE},return=representation")
    assert (answer.status, answer.json) == (201, body)
    assert answer.header("Preference-Applied") == f"{MERGE}, return=representation"
    assert _pairs(api) == [(1, "x", "new"), (1, "y", "second"), (2, "x", "third")]


def test_no_row_is_200(api):
    """An empty array has no new row."""
    assert api.send("POST", "/pair", "[]", prefer=MERGE).status == 200


def test_the_count_begins_anew(api):
    """One request's new rows are not the next one's."""
    assert api.send("POST", "/pair", {"a": 5, "b": "x"}, prefer=MERGE).status == 201
    assert api.send("POST", "/pair", {"a": 5, "b": "x"}, prefer=MERGE).status == 200


def test_the_count_begins_anew_in_a_transaction(api):
    """Nor are they of one that follows in the same transaction."""
    with api.connection.transaction():
        assert api.send("POST", "/pair", {"a": 1, "b": "x"}, prefer=MERGE).status == 200
        assert api.send("POST", "/pair", {"a": 5, "b": "x"}, prefer=MERGE).status == 201
        assert api.send("POST", "/pair", {"a": 5, "b": "x"}, prefer=MERGE).status == 200


def test_columns_that_were_not_sent_stay(api):
    """Only what was sent is updated."""
    body = {"id": 1, "name": "uno"}
    assert api.send("POST", "/thing", body, prefer=MERGE).status == 200
    assert api.rows("SELECT name, price::text FROM api.thing WHERE id = 1") == [("uno", "1.50")]


def test_ignored(api):
    """Rows that exist stay, and are not in the body."""
    body = [{"a": 1, "b": "x", "value": "new"}, {"a": 2, "b": "x", "value": "third"}]
    answer = api.send("POST", "/pair", body, prefer=f"{IGNORE},return=representation")
    assert (answer.status, answer.json) == (201, body[1:])
    assert _pairs(api)[0] == (1, "x", "first")


def test_all_ignored_is_201(api):
    """Ignoring is 201 also when nothing was new."""
    answer = api.send("POST", "/pair", {"a": 1, "b": "x"}, prefer=IGNORE)
    assert (answer.status, answer.header("Preference-Applied")) == (201, IGNORE)


def test_on_another_key(api):
    """`on_conflict` names a unique key; the primary key is updated too."""
    body = {"id": 9, "slug": "first", "title": "Neu"}
    answer = api.send("POST", "/named", body, query="on_conflict=slug", prefer=MERGE)
    assert answer.status == 200
    assert api.rows("SELECT id, title FROM api.named WHERE slug = 'first'") == [(9, "Neu")]


def test_on_conflict_alone_does_nothing(api):
    """Without a resolution a conflict is an error."""
    with pytest.raises(psycopg.errors.UniqueViolation):
        api.send("POST", "/named", {"id": 9, "slug": "first"}, query="on_conflict=slug")


def test_no_such_key(api):
    """`on_conflict` without a unique constraint is the server's error."""
    with pytest.raises(psycopg.errors.InvalidColumnReference):
        api.send("POST", "/named", {"id": 9}, query="on_conflict=title", prefer=MERGE)


def test_a_table_without_a_key(api):
    """Where there is no key it is a plain insert, and the preference is not echoed."""
    answer = api.send("POST", "/loose", {"a": 1, "b": "x"}, prefer=MERGE)
    assert (answer.status, answer.header("Preference-Applied")) == (201, None)
    assert api.value("SELECT count(*) FROM api.loose") == 3


@pytest.mark.parametrize("resolution", [MERGE, IGNORE])
def test_no_column(api, resolution):
    """Rows without columns are inserted, or nothing is done."""
    assert api.send("POST", "/filled", "[{},{}]", prefer=resolution).status == 201
    assert api.value("SELECT count(*) FROM api.filled") == 2


def test_through_a_view(api):
    """A view's rows are told apart as well as a table's."""
    body = [{"a": 1, "b": "x", "value": "new"}]
    assert api.send("POST", "/pair_view", body, prefer=MERGE).status == 200
    body = [{"a": 3, "b": "x", "value": "new"}]
    assert api.send("POST", "/pair_view", body, prefer=MERGE).status == 201
    assert _pairs(api) == [(1, "x", "new"), (1, "y", "second"), (3, "x", "new")]


def test_no_row_of_a_table_without_a_key(api):
    """Nothing merged into such a table is nothing new, too."""
    assert api.send("POST", "/loose", "[]", prefer=MERGE).status == 200


def test_new_rows_that_an_inner_embed_hides(api):
    """A new row counts as new, whatever the answer leaves out."""
    answer = api.send(
        "POST",
        "/part",
        {"id": 20, "thing_id": None},
        query="select=id,thing!inner(id)",
        prefer=f"{MERGE},return=representation",
    )
    assert (answer.status, answer.json) == (201, [])


def test_a_row_twice(api):
    """One key twice in a body is the server's error, and nothing is written."""
    body = [{"a": 5, "b": "x", "value": "1"}, {"a": 5, "b": "x", "value": "2"}]
    with pytest.raises(psycopg.errors.CardinalityViolation):
        api.send("POST", "/pair", body, prefer=MERGE)
    assert api.value("SELECT count(*) FROM api.pair") == 2


def test_defaults_of_an_upsert(api):
    """Defaults stand in for missing keys in an upsert too."""
    body = [{"id": 4, "size": 1}, {"id": 5}]
    prefer = f"{MERGE},missing=default"
    assert api.send("POST", "/filled", body, query="columns=id,size", prefer=prefer).status == 201
    assert api.rows("SELECT id, size FROM api.filled ORDER BY id") == [(4, 1), (5, 7)]
