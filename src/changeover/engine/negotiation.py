"""Which of the media types that a client accepts it gets."""

from changeover.catalog.snapshot import Snapshot
from changeover.engine.plan_value import Format
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import Shape
from changeover.model.name import TableName


def choose(
    shape: Shape,
    snapshot: Snapshot,
    settings: ApiSettings,
    *,
    relation: TableName,
    is_whole: bool,
) -> Format:
    """Return the format of the answer.

    Args:
        shape: Whose `accept` is asked.
        snapshot: Its handlers are asked too.
        settings: Whether plans are shown.
        relation: Whose rows are shown; a handler may be for these alone.
        is_whole: Whether the select is `*` alone; handlers of a relation ask for it.

    Raises:
        Refusal: PGRST107, none can be had.
    """
    raise NotImplementedError
