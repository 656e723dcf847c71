"""Keys as texts in the change log: what capture writes, the merge reads back, verify writes too."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from changeover.catalog import read
from changeover.catalog.pair import pair
from changeover.database import Endpoint, connect, fixed
from changeover.model.secret import Secret
from changeover.model.settings import MoveSettings
from changeover.model.side import Direction, Side
from changeover.transfer.merge import _taken_keys, plan_merge
from changeover.transfer.trigger import key_text
from changeover.transfer.verify.divergence import array_text, log_text

SIGNS = st.sampled_from(list("\"'\\{},;() \t\n\r\v\fNULnul%$1éё日"))
TEXTS = st.text(SIGNS, max_size=6) | st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=4
)
KEYS = st.lists(st.tuples(TEXTS, st.integers(-(2**31), 2**31 - 1), TEXTS), min_size=1, max_size=20)


@pytest.fixture
def opened(pair):
    """A session of the source with an empty table of composite keys and one of single keys."""
    for database in (pair.source, pair.target):
        with database.connect() as connection:
            connection.execute(
                'CREATE TABLE public.composite ("Ключ" text, n int, "q""" text COLLATE "C",'
                ' PRIMARY KEY ("Ключ", n, "q"""))'
            )
            connection.execute("CREATE TABLE public.single (k text PRIMARY KEY, v text)")
    sessions = {}
    for side, database in ((Side.SOURCE, pair.source), (Side.TARGET, pair.target)):
        sessions[side] = connect(Endpoint(side=side, dsn=Secret(database.dsn)), "test")
    yield sessions
    for session in sessions.values():
        session.close()


def decoded(source, one, logged):
    """Return the keys that the merge reads from the log's texts, in order."""
    with source.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO pg_temp.taken (table_id, key) VALUES (%s, %s)",
            [(one.table_id, text) for text in logged],
        )
    taken = _taken_keys(one, one.key_types(Side.SOURCE))
    return sorted(source.execute(taken).fetchall())


def logged_keys(source, one):
    """Return what capture writes for every row of a table, with the row's key."""
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in one.key)
    query = sql.SQL("SELECT {}, {} FROM public.{} AS n").format(
        key_text(one.key, "n"), columns, sql.Identifier(one.name.name)
    )
    return source.execute(query).fetchall()


def test_what_capture_writes_the_merge_reads(opened):
    """Every key comes back as it was, one text is one key, and verify writes the same text."""
    source, target = opened[Side.SOURCE], opened[Side.TARGET]
    schemas = ("public",)
    composite, single = pair(read(source, schemas), read(target, schemas), MoveSettings())
    assert plan_merge(composite, Direction.FORWARD).is_exact
    source.execute(fixed("changeover.transfer", "create_taken"))

    @settings(max_examples=60)
    @given(KEYS)
    def hold(keys):
        with source.transaction(force_rollback=True):
            with source.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO public.composite VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", keys
                )
                cursor.executemany(
                    "INSERT INTO public.single VALUES (%s) ON CONFLICT DO NOTHING",
                    [(key[0],) for key in keys],
                )
            for one, wanted in ((composite, set(keys)), (single, {(key[0],) for key in keys})):
                found = logged_keys(source, one)
                assert {tuple(row[1:]) for row in found} == wanted
                assert len({row[0] for row in found}) == len(wanted)
                for text, *key in found:
                    assert text == log_text(tuple(map(str, key)))
                assert decoded(source, one, [row[0] for row in found]) == sorted(wanted)

    hold()


def test_an_array_of_texts_is_written_as_the_server_writes_it(opened):
    """The text of any array of texts is the server's own."""
    source = opened[Side.SOURCE]

    @given(st.lists(TEXTS, min_size=1, max_size=4))
    def hold(parts):
        row = source.execute("SELECT CAST(%s::text[] AS text)", (parts,)).fetchone()
        assert row == (array_text(tuple(parts)),)

    hold()
