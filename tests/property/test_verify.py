"""Verification finds every planted difference, and nothing else, whatever the rows are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from changeover.control.move import Move
from changeover.database import Endpoint
from changeover.model.secret import Secret
from changeover.model.settings import Settings, VerifySettings
from changeover.model.side import Side
from changeover.transfer.verify import verify

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)
QUIRKS = st.sampled_from(["", "NULL", "\\", '"', "{}", "(,)", "a ", "é", "e\u0301", "Ё"])
VALUES = {
    "integer": st.integers(-(2**31), 2**31 - 1),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "numeric": st.sampled_from(["1", "1.0", "1.00", "NaN", "Infinity", "-0.1", "1e40", "0"]),
    "double precision": st.floats(),
    "boolean": st.booleans(),
    "text": TEXTS | QUIRKS,
    "text[]": st.lists(TEXTS | QUIRKS | st.none(), max_size=3),
    "timestamptz": st.sampled_from(["infinity", "2024-03-31 01:00+00", "0044-03-15 00:00+00 BC"]),
    "date": st.sampled_from(["-infinity", "2024-02-29", "0044-03-15 BC"]),
    "interval": st.sampled_from(["1 month", "30 days", "24:00", "1 day"]),
    "jsonb": st.sampled_from(["null", '{"a": 1.0}', '{"a": 1.00}', "1", '"1"', "[]"]),
    "json": st.sampled_from(['{"a":1}', '{"a": 1}', '{"a":1,"a":1}', "null"]),
    "bytea": st.binary(max_size=4),
    "int4range": st.sampled_from(["empty", "[1,2)", "[1,)", "(,)"]),
}
KEYS = st.tuples(st.integers(1, 3), QUIRKS)


@st.composite
def cases(draw):
    """Give the types of a table, its rows, and what is planted on the target."""
    types = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=5))
    row = st.tuples(*(st.none() | VALUES[kind] for kind in types))
    rows = draw(st.dictionaries(KEYS, row, max_size=12))
    changes = st.lists(
        st.one_of(
            st.tuples(st.just("put"), KEYS, row),
            st.tuples(st.just("delete"), KEYS, st.none()),
            st.tuples(
                st.just("set"), KEYS, st.integers(0, len(types) - 1).flatmap(
                    lambda place: st.tuples(st.just(place), st.none() | VALUES[types[place]])
                ),
            ),
        ),
        max_size=4,
    )  # fmt: skip
    return types, rows, draw(changes)


def planted(types, rows, changes):
    """Return the target's rows: the source's, changed."""
    theirs = dict(rows)
    for kind, key, what in changes:
        if kind == "delete":
            theirs.pop(key, None)
        elif kind == "put":
            theirs[key] = what
        elif key in theirs:
            place, value = what
            theirs[key] = (*theirs[key][:place], value, *theirs[key][place + 1 :])
    return theirs


def fill(database, types, rows):
    """Make the table anew with these rows."""
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(f"c{n}"), sql.SQL(kind))
        for n, kind in enumerate(types)
    )
    casts = sql.SQL(", ").join(sql.SQL("CAST(%s AS {})").format(sql.SQL(kind)) for kind in types)
    with database.connect() as connection, connection.transaction():
        connection.execute("DROP TABLE IF EXISTS public.t")
        connection.execute(
            sql.SQL("CREATE TABLE public.t (x int, y text, {}, PRIMARY KEY (x, y))").format(columns)
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                sql.SQL("INSERT INTO public.t VALUES (%s, %s, {})").format(casts),
                [(*key, *row) for key, row in rows.items()],
            )


def texts(database, types):
    """Return every row as the texts of its columns, by key; what verify calls the same."""
    columns = sql.SQL(", ").join(
        sql.SQL("CAST({} AS text)").format(sql.Identifier(f"c{n}")) for n in range(len(types))
    )
    with database.connect() as connection:
        for setting in ("TimeZone = 'UTC'", "IntervalStyle = 'postgres'", "DateStyle = 'ISO'"):
            connection.execute(f"SET {setting}")
        found = connection.execute(sql.SQL("SELECT x, y, {} FROM public.t").format(columns))
        return {row[:2]: row[2:] for row in found}


def differences(ours, theirs):
    """Return kind and columns of every difference, by a plain comparison."""
    found = [("missing", ()) for key in ours.keys() - theirs.keys()]
    found += [("extra", ()) for key in theirs.keys() - ours.keys()]
    for key in ours.keys() & theirs.keys():
        pairs = zip(ours[key], theirs[key], strict=True)
        columns = tuple(f"c{n}" for n, (one, other) in enumerate(pairs) if one != other)
        found += [("different", columns)] if columns else []
    return sorted(found)


@pytest.fixture
def move(pair, tmp_path):
    """A move between two fresh databases; nothing is installed, so that nothing is settled for."""
    databases = {Side.SOURCE: pair.source, Side.TARGET: pair.target}
    return Move(
        owners={side: Endpoint(side=side, dsn=Secret(one.dsn)) for side, one in databases.items()},
        settings=Settings(
            state_directory=str(tmp_path / "state"),
            verify=VerifySettings(workers=1, range_rows=4, bisect_rows=1, settle_s_max=0.2),
        ),
    )


def test_every_planted_difference_is_found(pair, move):
    """The report names what a plain comparison of both tables finds, row by row and no more."""

    @settings(max_examples=30)
    @given(cases())
    def hold(case):
        types, rows, changes = case
        fill(pair.source, types, rows)
        fill(pair.target, types, planted(types, rows, changes))
        ours, theirs = texts(pair.source, types), texts(pair.target, types)
        (report,) = verify(move).tables
        assert report.unsettled == 0
        assert (report.rows_primary, report.rows_secondary) == (len(ours), len(theirs))
        found = sorted((str(one.kind), one.columns) for one in report.divergences)
        assert found == differences(ours, theirs)
        assert report.is_equal == (not found)

    hold()
