"""A copy can be taken back: only what it filled, and only while nobody leans on it."""

import pytest

from changeover.model.errors import DefinitionChangedError, WrongStageError
from changeover.transfer.copy_reset import reset_copy
from changeover.transfer.copy_worker import copy_range

ITEMS = "CREATE TABLE items (id integer PRIMARY KEY, v text)"
FILL = "INSERT INTO items SELECT g, 'v' FROM generate_series(1, 250) g"
QUERY = "SELECT * FROM items"


@pytest.mark.parametrize("has_grant", [True, False])
def test_a_copy_is_taken_back_and_made_again(  # noqa: PLR0917
    pair_with, prepared, copied, digest, one, has_grant
):
    """After a reset the tables are empty, and a new copy brings the rows of now."""
    pair = pair_with(replication_role_grant=has_grant)
    move = prepared(pair, ITEMS, fill=[FILL])
    copied(move)
    (said,) = reset_copy(move, is_dry_run=True)
    assert (said.rows, said.statement) == (250, 'DELETE FROM ONLY "public"."items"')
    assert one(pair.target, "SELECT count(*) FROM items") == 250
    (done,) = reset_copy(move, is_dry_run=False)
    assert done == said
    assert one(pair.target, "SELECT count(*) FROM items") == 0
    assert one(pair.target, "SELECT state FROM changeover.copy") == "planned"
    with pair.source.connect() as source:
        source.execute("UPDATE items SET v = 'later' WHERE id % 2 = 0")
    assert copied(move).rows == 250
    assert digest(pair.target, QUERY) == digest(pair.source, QUERY)


def test_a_table_that_was_not_begun_is_not_emptied(pair, prepared, works, one):
    """Rows in a table that we have only planned are somebody else's."""
    move = prepared(pair, ITEMS, fill=[FILL])
    works(move)
    with pair.target.connect() as target:
        target.execute("UPDATE changeover.copy SET state = 'planned'")
    assert reset_copy(move, is_dry_run=False) == ()


def test_a_half_copied_table_is_emptied(pair, prepared, works, copied, one):
    """What a broken copy left is taken back too."""
    move = prepared(pair, ITEMS, fill=[FILL])
    assert copy_range(works(move)[1]).rows == 100
    (done,) = reset_copy(move, is_dry_run=False)
    assert done.rows == 100
    assert copied(move).tables[0].ranges_copied == 3


@pytest.mark.parametrize("is_dry_run", [True, False])
def test_nothing_is_taken_back_once_the_stage_has_moved(pair, prepared, copied, one, is_dry_run):
    """As soon as writers wait for the mirror the rows stay."""
    move = prepared(pair, ITEMS, fill=[FILL])
    copied(move)
    with pair.target.connect() as target:
        target.execute("UPDATE changeover.control SET stage = 'dual_write'")
    with pytest.raises(WrongStageError, match="the stage is dual_write"):
        reset_copy(move, is_dry_run=is_dry_run)
    assert one(pair.target, "SELECT count(*) FROM items") == 250


def test_a_table_that_was_made_anew_is_not_emptied(pair, prepared, copied, one):
    """A table of the same name that somebody else has made since is not ours to empty."""
    move = prepared(pair, ITEMS, fill=[FILL])
    copied(move)
    with pair.target.connect() as target:
        target.execute("DROP TABLE items")
        target.execute(ITEMS)
        target.execute("INSERT INTO items VALUES (1, 'not ours')")
    with pytest.raises(DefinitionChangedError, match="is not the table that capture was installed"):
        reset_copy(move, is_dry_run=False)
    assert one(pair.target, "SELECT count(*) FROM items") == 1
