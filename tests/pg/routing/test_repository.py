"""Repositories over a router: the same code on both sides of a swap."""

import pytest
from gateway_process import token, wait_for
from routed import LISTED

import changeover
from changeover.control.swap import Kind
from changeover.model.side import Side, Stage


def route_of(world):
    """Return what `connect` is told."""
    return {"route": world.route(), "api_key": token("service_role")}


@pytest.fixture
def database(world):
    """A routed database of the target's owner, who has the rights of the API's key."""
    world.on(
        Side.TARGET,
        "GRANT USAGE ON SCHEMA changeover TO CURRENT_USER",
    )
    with changeover.connect(world.databases[Side.TARGET].dsn, **route_of(world)) as database:
        yield database


def test_rows_go_to_the_primary_before_and_after_a_cutover(world, database):
    """Inserted at the source, mirrored; after the cutover inserted at the target."""
    world.set_stage(Stage.LIVE, members=(LISTED,))
    notes = database.repository("note", dict)
    notes.insert({"id": 1, "body": "one"})
    assert world.ids(Side.SOURCE) == [1]
    world.swap(Kind.CUTOVER)
    notes.insert({"id": 2, "body": "two"})
    assert world.ids(Side.TARGET) == [1, 2]
    with changeover.context(targeting_key=LISTED):
        assert [row["id"] for row in notes.find_many()] == [1, 2]


def test_transactions_wait_for_the_cutover(world, database):
    """With the source as the primary there are none; with the target they commit and undo."""
    world.set_stage(Stage.LIVE)
    database.repository("note", dict).find_many()
    wait_for(lambda: database._root.view.state.stage is Stage.LIVE, what="the stage")
    with pytest.raises(changeover.TransactionUnavailableError), database.transaction():
        pass
    world.swap(Kind.CUTOVER)
    wait_for(lambda: database._root.view.primary is Side.TARGET, what="the cutover")
    with database.transaction() as inside:
        inside.repository("note", dict).insert({"id": 1, "body": ""})
    assert world.ids(Side.TARGET) == [1]


def test_a_key_is_needed(world):
    """Without the API's key the source would refuse everything: said at once."""
    with pytest.raises(changeover.ConfigurationError, match="no key of the source's API"):
        changeover.connect(world.target_dsn, route=world.route())
