"""Whatever names a client sends: the statement's own words stay the same."""

import re

from hypothesis import given
from hypothesis import strategies as st

from changeover.catalog.snapshot import Relation, Relationship, Snapshot
from changeover.engine import plan, render
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import (
    Action,
    Embed,
    Field,
    Filter,
    Operation,
    OrderTerm,
    SelectField,
    Shape,
    Step,
    Window,
)
from changeover.model.name import TableName

_BOOK = TableName("s", "book")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_PLACES = re.compile(r"\$(\d+)")

_SNAPSHOT = Snapshot(
    version=180000,
    schemas=("s",),
    relations={
        _BOOK: Relation(
            name=_BOOK,
            kind="r",
            is_insertable=True,
            is_updatable=True,
            is_deletable=True,
            columns=(),
        )
    },
    relationships={
        _BOOK: (
            Relationship(
                parent=_BOOK,
                child=TableName("s", "author"),
                kind="many-to-one",
                is_to_one=True,
                constraint="k",
                columns=(("a", "b"),),
            ),
        )
    },
    routines={},
)

_names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | (
    st.sampled_from(['"', '";--', "'", "$1", "\0x", "\\", "*/", "a\nb", "ы"])
)


def _shape(names):
    column, alias, key, embed_alias, inner, order = names
    step = Step("->>", key, 0, is_index=False)
    embed = Embed("author", alias=embed_alias, select=(SelectField(Field(inner)),))
    return Shape(
        action=Action.READ,
        method="GET",
        schema="s",
        name="book",
        select=(SelectField(Field(column, (step,)), alias=alias), embed),
        filters=(Filter(Field(column, (step,)), Operation("eq", slot=1)),),
        embed_filters=(((embed_alias,), Filter(Field(inner), Operation("in", slot=2))),),
        orders=(((), (OrderTerm(Field(order)), OrderTerm(Field(inner), relation=embed_alias))),),
        windows=(((), Window(limit=3, offset=4)),),
    )


def _statement(names):
    return render.work(plan.resolve(_shape(names), _SNAPSHOT, ApiSettings(schemas=("s",)))).main


@given(st.tuples(*[_names] * 6).filter(lambda names: "*" not in names))
def test_names_stay_inside_their_quotes(names):
    """All that is not a quoted name is the same for all names."""
    plain = _statement(("a", "b", "c", "d", "e", "f"))
    made = _statement(names)
    assert _QUOTED.sub('""', made.text) == _QUOTED.sub('""', plain.text)
    assert made.slots == plain.slots


@given(st.tuples(*[_names] * 6))
def test_placeholders_equal_values(names):
    """Each value has its place, and each place its value."""
    made = _statement(names)
    numbers = {int(one) for one in _PLACES.findall(_QUOTED.sub("", made.text))}
    assert numbers == set(range(1, len(made.slots) + 1))
    assert len(set(made.slots)) == len(made.slots)
