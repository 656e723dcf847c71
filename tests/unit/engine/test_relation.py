"""Relations and columns are found or refused in PostgREST's words."""

import pytest

from changeover.catalog.snapshot import ApiColumn, Relation, Snapshot
from changeover.engine import relation
from changeover.engine.refusal import Refusal
from changeover.model.name import TableName


def table(schema, name, *columns):
    """Return a table."""
    return Relation(
        name=TableName(schema, name),
        kind="r",
        is_insertable=True,
        is_updatable=True,
        is_deletable=True,
        columns=tuple(
            ApiColumn(name=one, type="text", base_type="text", is_nullable=True) for one in columns
        ),
    )


def snapshot_with(*tables):
    """Return a snapshot of some tables."""
    return Snapshot(
        version=180_000,
        schemas=("api", "other"),
        relations={one.name: one for one in tables},
        relationships={},
        routines={},
    )


FILMS = table("api", "films", "id", "Название")


def test_a_relation_is_found_in_its_schema():
    """The schema and the name decide."""
    snapshot = snapshot_with(table("other", "films"), FILMS)
    assert relation.find(snapshot, "api", "films") is FILMS


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("film", "Perhaps you meant the table 'api.films'"),
        ("Films", "Perhaps you meant the table 'api.films'"),
        ("fil", None),
        ("actors", None),
    ],
)
def test_an_unknown_relation_is_refused(name, hint):
    """PGRST205 names what was asked for, and the nearest of the same schema."""
    snapshot = snapshot_with(FILMS, table("other", "actor"))
    with pytest.raises(Refusal) as caught:
        relation.find(snapshot, "api", name)
    refusal = caught.value
    assert (refusal.code, refusal.status, refusal.details) == ("PGRST205", 404, None)
    assert refusal.message == f"Could not find the table 'api.{name}' in the schema cache"
    assert refusal.hint == hint


@pytest.mark.parametrize(("others", "has_hint"), [(498, True), (499, False)])
def test_large_schemas_have_no_hint(others, has_hint):
    """From 500 relations on no closest name is looked for."""
    snapshot = snapshot_with(FILMS, *(table("api", f"t{number}") for number in range(others)))
    with pytest.raises(Refusal) as caught:
        relation.find(snapshot, "api", "film")
    assert (caught.value.hint is not None) == has_hint


def test_columns_that_exist_pass():
    """Known columns are no reason to refuse."""
    relation.require_columns(FILMS, ["Название", "id"])


def test_the_first_unknown_column_is_named():
    """PGRST204 names the first column that is missing."""
    with pytest.raises(Refusal) as caught:
        relation.require_columns(FILMS, ["id", "b", "a"])
    refusal = caught.value
    assert (refusal.code, refusal.status, refusal.details, refusal.hint) == (
        "PGRST204",
        400,
        None,
        None,
    )
    assert refusal.message == "Could not find the 'b' column of 'films' in the schema cache"
