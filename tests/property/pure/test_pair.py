"""Pairing the tables of any two catalogs."""

from hypothesis import given
from hypothesis import strategies as st

from changeover.catalog.pair import moved_tables, pair
from changeover.catalog.values import Catalog, Column, Key, Table
from changeover.model.errors import ChangeoverError
from changeover.model.name import TableName
from changeover.model.settings import MoveSettings
from changeover.model.side import Side

COLUMNS = ("id", "Ключ", 'a"b', "d")
NAMES = ("a", "b", "c")
LABELS = st.sampled_from([f"public.{name}" for name in NAMES])


@st.composite
def columns(draw):
    """Give the columns of a table, in any order."""
    names = draw(st.lists(st.sampled_from(COLUMNS), min_size=1, unique=True))
    return tuple(
        Column(
            name=name,
            position=place,
            type=draw(st.sampled_from(["integer", "text", "numeric"])),
            base_type="integer",
            category="N",
            is_not_null=draw(st.booleans()),
            default=draw(st.none() | st.just("0")),
            identity=draw(st.sampled_from(["", "", "a", "d"])),
            generated=draw(st.sampled_from(["", "", "s"])),
            collation="",
            is_collation_deterministic=True,
        )
        for place, name in enumerate(names, start=1)
    )


@st.composite
def tables(draw, name):
    """Give a table with keys over some of its columns."""
    found = draw(columns())
    names = st.lists(st.sampled_from([column.name for column in found]), min_size=1, unique=True)
    keys = tuple(
        Key(
            name=f"key_{number}",
            columns=tuple(draw(names)),
            is_primary=number == 0 and draw(st.booleans()),
            is_constraint=True,
            is_deferrable=False,
            is_exact=draw(st.booleans()),
        )
        for number in range(draw(st.integers(0, 2)))
    )
    return Table(
        oid=1,
        name=TableName(draw(st.sampled_from(["public", "public", "other"])), name),
        kind=draw(st.sampled_from("rrrrpf")),
        persistence=draw(st.sampled_from("ppppu")),
        owner="owner",
        rows_estimate=0,
        size_bytes=0,
        has_row_security=False,
        is_row_security_forced=False,
        is_row_security_active=False,
        has_rules=draw(st.booleans()),
        partition_key=None,
        columns=found,
        keys=keys,
    )


@st.composite
def catalogs(draw):
    """Give a database."""
    found = [draw(tables(name)) for name in draw(st.lists(st.sampled_from(NAMES), unique=True))]
    return Catalog(
        version=160000,
        system=None,
        database="d",
        user="u",
        settings={},
        tables={table.name: table for table in found},
    )


MOVES = st.builds(
    MoveSettings,
    exclude=st.lists(LABELS, max_size=1).map(tuple),
    whole=st.lists(LABELS, max_size=1).map(tuple),
    row_capture=st.lists(LABELS, max_size=1).map(tuple),
)


@st.composite
def likely_pairs(draw):
    """Give two databases of which the target often is the source's copy."""
    source = draw(catalogs())
    return source, draw(st.just(source) | catalogs()), draw(MOVES)


@given(likely_pairs())
def test_two_catalogs_are_paired_or_refused(case):
    """Every pair fits both sides, or an error of ours says which table does not."""
    source, target, move = case
    try:
        pairs = pair(source, target, move)
    except ChangeoverError:
        return
    assert [one.table_id for one in pairs] == list(range(1, len(pairs) + 1))
    assert [one.name for one in pairs] == [table.name for table in moved_tables(source, move)]
    for one in pairs:
        require_fit(one, move)


def require_fit(one, move):
    """Require that a pair's key and columns are right for both sides."""
    assert one.is_whole == (f"{one.name.schema}.{one.name.name}" in move.whole)
    for side in Side:
        table = one.table(side)
        carried = {column.name for column in table.columns if not column.generated}
        assert set(one.columns) <= carried
        assert table.kind in "rp"
        assert table.persistence == "p"
        if one.key:
            assert any(set(one.key) <= set(key.columns) for key in table.keys)
            assert len(one.key_types(side)) == len(one.key)
            kept = {c for c in one.columns if c not in one.settable_columns(side)}
            assert kept <= set(one.key)
    if one.key:
        assert any(set(key.columns) == set(one.key) for key in one.source.keys)
    rest = {column.name for column in one.target.columns} - {c.name for c in one.source.columns}
    for column in (one.target.column(name) for name in rest):
        demands = column.is_not_null and column.default is None
        assert not demands or column.identity or column.generated
