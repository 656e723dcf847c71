"""The salon: a target prepared by hand, partitioned where the source is not, with more indexes."""

import pytest

from changeover.catalog.difference import fits
from changeover.model.errors import SchemaMismatchError
from changeover.transfer import schema
from changeover.transfer.schema_plan import Outcome
from salon import schema as salon


@pytest.fixture
def salon_move(pair, make_move):
    """The salon's source, its target made by hand, and the move."""
    with pair.source.connect() as source, pair.target.connect() as target:
        salon.create_source(source)
        salon.create_target(target)
    return pair, make_move(pair)


def test_every_row_of_the_source_fits(salon_move, differences):
    """Partitions, another key of messages, more indexes and triggers: no row is refused or bent."""
    _, move = salon_move
    found = differences(move)
    assert fits(found)
    messages = {d.kind for d in found if d.object == "public.messages"}
    assert {"partitioning", "primary key", "index"} <= messages
    assert any("ON CONFLICT (id) raises 42P10" in d.breaks for d in found)


def test_everything_is_kept_and_nothing_applied(salon_move, rows):
    """All that both sides have stays as it was made by hand, and applying twice changes nothing."""
    pair, move = salon_move
    query = "SELECT relname, relkind FROM pg_class WHERE relnamespace = 2200 ORDER BY 1"
    before = rows(pair.target, query)
    report = schema.apply_all(move)
    assert report.done == ()
    assert rows(pair.target, query) == before
    assert {o.outcome for o in report.objects if o.name.startswith("TABLE ")} == {Outcome.KEPT}


def test_a_constraint_put_on_too_early_is_refused(salon_move):
    """Foreign keys and CHECKs that only the target has wait for finish; before, they are named."""
    pair, move = salon_move
    with pair.target.connect() as connection:
        salon.finish_target(connection)
    with pytest.raises(SchemaMismatchError, match="rows that break it are refused"):
        schema.apply_all(move)


def test_an_absent_table_is_carried_beside_the_kept_ones(salon_move, differences):
    """A table that the hand-made target forgot is carried, with its keys and rights."""
    pair, move = salon_move
    with pair.target.connect() as connection:
        connection.execute("DROP TABLE sync_status")
    report = schema.apply_all(move)
    assert "keys:public.sync_status" in report.done
    assert {d.kind for d in differences(move) if d.object == "public.sync_status"} == set()
