"""Keys that are built when the rows of their table are there, which is faster than to keep them up.

The copy writes each key in one range and each range once, so it needs no index to stay right; the
mirror does, and takes a table's keys only once its copy is done.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from changeover.catalog.pair import Pair
from changeover.control.move import Move, coming_keys, key_step
from changeover.database.errors import translated
from changeover.model.side import Side
from changeover.transfer.schema import run_script
from changeover.transfer.schema_work import Work, work_on


@contextmanager
def coming_key_builder(move: Move) -> Iterator[Callable[[Pair], None]]:
    """Give what builds the key of a table, if the schema step has left that for later.

    Args:
        move: The move.

    Yields:
        A function for one thread at a time. It raises as `schema.apply_keys`.
    """
    with ExitStack() as opened:
        yield _Builder(move=move, opened=opened).build


@dataclass(slots=True, kw_only=True)
class _Builder:
    move: Move
    opened: ExitStack
    work: list[Work] = field(default_factory=list)

    def build(self, pair: Pair) -> None:
        if not self.work:
            with self.move.connect_owner(Side.TARGET, "schema") as target:
                if not coming_keys(target, [pair.name]):
                    return
            # The archive is made once, for all tables that are still to come.
            self.work.append(self.opened.enter_context(work_on(self.move)))
        (work,) = self.work
        with translated(Side.TARGET, f"building the key of {pair.name}"):
            run_script(work, key_step(pair.name), work.keys_of(pair.name))
