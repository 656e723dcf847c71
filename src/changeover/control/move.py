"""One move: its two databases, who we are there, its settings, and what a test does to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from changeover.catalog import read
from changeover.catalog.pair import Pair, pair, with_coming_keys
from changeover.control.login import load_login
from changeover.control.place import ROOM, STATE_VERSION, Connection, is_same, require_move
from changeover.database import Endpoint, connect, fixed
from changeover.model.errors import DefinitionChangedError, NotInstalledError, WrongServerError
from changeover.model.fault import Hooks
from changeover.model.name import TableName
from changeover.model.observation import Observer, ignore
from changeover.model.settings import Settings
from changeover.model.side import Side

__all__ = [
    "PRE_DATA_STEP",
    "ROOM",
    "STATE_VERSION",
    "Connection",
    "Move",
    "coming_keys",
    "installed_pairs",
    "is_installed",
    "key_step",
    "numbered",
    "read_pairs",
    "require_installed",
    "require_places",
]

PRE_DATA_STEP: Final = "pre-data"
"""What the ledger of the schema's steps calls the step that brings tables without keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What every part of the transfer is given.

    Attributes:
        owners: The owner of the tables, per side.
        mirrors: Logins of the mirror that the operator named; otherwise `capture install` made
            them and left them in the state directory.
        settings: The configuration.
        hooks: Fault points and race points, off unless a test arms them.
        observer: Gets every observation.
    """

    owners: Mapping[Side, Endpoint]
    settings: Settings
    mirrors: Mapping[Side, Endpoint] = field(default_factory=dict)
    hooks: Hooks = field(default_factory=Hooks)
    observer: Observer = ignore

    @property
    def state_directory(self) -> Path:
        """Where files of the move are kept, readable by us alone."""
        return Path(self.settings.state_directory)

    def connect_owner(self, side: Side, purpose: str, **limits: int) -> Connection:
        """Open a pinned session as the owner; limits are `statement_timeout_ms` and so on."""
        return connect(self.owners[side], purpose, **limits)

    def mirror_endpoint(self, side: Side) -> Endpoint:
        """Return how the mirror and the copy log in on a side.

        Raises:
            NotInstalledError: If `capture install` has not been run.
        """
        return self.mirrors.get(side) or load_login(self.state_directory, self.owners[side])

    def connect_mirror(self, side: Side, purpose: str, **limits: int) -> Connection:
        """Open a pinned session as the mirror."""
        return connect(self.mirror_endpoint(side), purpose, **limits)


def require_places(move: Move) -> None:
    """Make sure that the move's two connection strings lead to its two databases.

    Raises:
        WrongServerError: If they lead to one database, or to one that has another part in a move.
        WrongStateVersionError: If another version of Changeover is installed.
    """
    with (
        move.connect_owner(Side.SOURCE, "place") as source,
        move.connect_owner(Side.TARGET, "place") as target,
    ):
        if is_same(source, target, Side.TARGET):
            raise WrongServerError(
                f"source and target are the same database, {source.info.dbname}",
                hint="correct one of the two DSNs: `changeover config show` says whence each comes",
            )
        require_move(source, target)


def read_pairs(move: Move) -> tuple[Pair, ...]:
    """Pair the tables of both sides as the configuration says, before anything is installed."""
    with (
        move.connect_owner(Side.SOURCE, "catalog") as source,
        move.connect_owner(Side.TARGET, "catalog") as target,
    ):
        schemas = move.settings.move.schemas
        ours, theirs = read(source, schemas), read(target, schemas)
        coming = coming_keys(target, theirs.tables)
        return pair(ours, with_coming_keys(ours, theirs, coming), move.settings.move)


def coming_keys(target: Connection, names: Iterable[TableName]) -> tuple[TableName, ...]:
    """Return the tables whose keys the schema step has still to bring, after their rows."""
    row = target.execute("SELECT pg_catalog.to_regclass('changeover.schema_step')").fetchone()
    if row is None or row[0] is None:
        return ()
    steps = {step for (step,) in target.execute(fixed(ROOM, "read_schema_steps")).fetchall()}
    return tuple(n for n in names if PRE_DATA_STEP in steps and key_step(n) not in steps)


def key_step(name: TableName) -> str:
    """Return what the ledger of the schema's steps calls the key of a table."""
    return f"keys:{name}"


def numbered(move: Move, pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """Return pairs under the numbers that the logs know them by; new ones get the next.

    Args:
        move: The move; the target's schema `changeover` may not exist yet.
        pairs: The pairs as they were read.
    """
    with move.connect_owner(Side.TARGET, "scope") as connection:
        if not is_installed(connection):
            return pairs
        known = {name: number for name, (number, _) in _registered(connection).items()}
    following = max(known.values(), default=0)
    result = []
    for one in pairs:
        number = known.get(_label(one))
        if number is None:
            following += 1
            number = following
        result.append(msgspec.structs.replace(one, table_id=number))
    return tuple(result)


def installed_pairs(move: Move) -> tuple[Pair, ...]:
    """Return the pairs of a move whose capture is installed.

    Raises:
        NotInstalledError: If it is not.
        WrongServerError: If the databases are not those of the move, or swapped.
        DefinitionChangedError: If the tables are not those that it was installed for.
    """
    with (
        move.connect_owner(Side.SOURCE, "scope") as source,
        move.connect_owner(Side.TARGET, "scope") as target,
    ):
        require_move(source, target)
        require_installed(source, Side.SOURCE)
        require_installed(target, Side.TARGET)
    pairs = numbered(move, read_pairs(move))
    for side in Side:
        with move.connect_owner(side, "scope") as connection:
            _require_same(side, pairs, _registered(connection))
    return pairs


def is_installed(connection: Connection) -> bool:
    """Return whether the schema `changeover` holds moved tables on a side."""
    row = connection.execute("SELECT pg_catalog.to_regclass('changeover.moved_table')").fetchone()
    return row is not None and row[0] is not None


def require_installed(connection: Connection, side: Side) -> None:
    """Make sure that capture is installed on a side.

    Raises:
        NotInstalledError: If it is not.
    """
    if not is_installed(connection):
        raise NotInstalledError(
            f"{side}: capture is not installed", hint="run `changeover capture install`"
        )


def _label(one: Pair) -> str:
    return f"{one.name.schema}.{one.name.name}"


def _registered(connection: Connection) -> dict[str, tuple[int, tuple[str, ...]]]:
    rows = connection.execute(fixed(ROOM, "read_moved_tables")).fetchall()
    return {f"{schema}.{name}": (number, tuple(key)) for number, schema, name, key in rows}


def _require_same(
    side: Side, pairs: tuple[Pair, ...], found: dict[str, tuple[int, tuple[str, ...]]]
) -> None:
    wanted = {_label(one): (one.table_id, one.key) for one in pairs}
    if found != wanted:
        changed = sorted({name for name, _ in set(found.items()) ^ set(wanted.items())})
        raise DefinitionChangedError(
            f"{side}: the moved tables changed since capture was installed: {', '.join(changed)}",
            hint="run `changeover capture install` again: it takes new tables in",
        )
