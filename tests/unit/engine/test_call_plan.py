"""Plans of calls look up relationships under the type of what is returned."""

import pytest

from changeover.catalog.snapshot import Relation, Relationship, Routine, Snapshot
from changeover.engine import call_plan
from changeover.engine.refusal import Refusal
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import Action, Embed, Field, SelectField, Shape
from changeover.model.name import TableName

FILMS, MAKERS = TableName("api", "films"), TableName("api", "makers")


def snapshot_with(**returned):
    """Return a snapshot with films and their makers, and a function that is named as the table."""
    function = Routine(name=FILMS, parameters=(), **returned)
    relations = {
        name: Relation(
            name=name,
            kind="r",
            is_insertable=True,
            is_updatable=True,
            is_deletable=True,
            columns=(),
        )
        for name in (FILMS, MAKERS)
    }
    way = Relationship(
        parent=FILMS,
        child=MAKERS,
        kind="many-to-one",
        is_to_one=True,
        constraint="by",
        columns=(("maker", "id"),),
    )
    return Snapshot(
        version=180_000,
        schemas=("api",),
        relations=relations,
        relationships={FILMS: (way,)},
        routines={FILMS: (function,)},
    )


CALL = Shape(
    action=Action.CALL,
    method="GET",
    schema="api",
    name="films",
    is_function=True,
    select=(SelectField(field=Field("maker")), Embed(name="makers")),
)


def test_rows_of_a_relation_have_its_relationships():
    """A function that returns a table's rows embeds as the table."""
    snapshot = snapshot_with(
        returns="composite", is_set=True, returned_type="api.films", returned_relation=FILMS
    )
    plan = call_plan.resolve(CALL, snapshot, ApiSettings())
    assert [child.relation for child in plan.root.children] == [MAKERS]


def test_rows_of_no_relation_have_none():
    """RETURNS TABLE has no relationships, though a table has the function's name."""
    snapshot = snapshot_with(returns="composite", is_set=True, returned_type="record")
    with pytest.raises(Refusal) as caught:
        call_plan.resolve(CALL, snapshot, ApiSettings())
    assert caught.value.message == (
        "Could not find a relationship between 'record' and 'makers' in the schema cache"
    )
