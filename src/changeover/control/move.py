"""One move: its two databases, who we are there, its settings, and what a test does to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from changeover.catalog import read
from changeover.catalog.pair import Pair, pair
from changeover.control.login import load_login
from changeover.database import Endpoint, connect, fixed
from changeover.model.errors import DefinitionChangedError, NotInstalledError
from changeover.model.fault import Hooks
from changeover.model.observation import Observer, ignore
from changeover.model.settings import Settings
from changeover.model.side import Side

ROOM = "changeover.control"
STATE_VERSION = 1

Connection = psycopg.Connection[Any]


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


def read_pairs(move: Move) -> tuple[Pair, ...]:
    """Pair the tables of both sides as the configuration says, before anything is installed."""
    with (
        move.connect_owner(Side.SOURCE, "catalog") as source,
        move.connect_owner(Side.TARGET, "catalog") as target,
    ):
        schemas = move.settings.move.schemas
        return pair(read(source, schemas), read(target, schemas), move.settings.move)


def installed_pairs(move: Move) -> tuple[Pair, ...]:
    """Return the pairs of a move whose capture is installed.

    Raises:
        NotInstalledError: If it is not.
        DefinitionChangedError: If the tables are not those that it was installed for.
    """
    pairs = read_pairs(move)
    for side in Side:
        with move.connect_owner(side, "scope") as connection:
            _require_same(side, pairs, _registered(connection, side))
    return pairs


def _registered(connection: Connection, side: Side) -> dict[str, tuple[int, tuple[str, ...]]]:
    row = connection.execute("SELECT pg_catalog.to_regclass('changeover.moved_table')").fetchone()
    if row is None or row[0] is None:
        raise NotInstalledError(
            f"{side}: capture is not installed", hint="run `changeover capture install`"
        )
    rows = connection.execute(fixed(ROOM, "read_moved_tables")).fetchall()
    return {f"{schema}.{name}": (number, tuple(key)) for number, schema, name, key in rows}


def _require_same(
    side: Side, pairs: tuple[Pair, ...], found: dict[str, tuple[int, tuple[str, ...]]]
) -> None:
    wanted = {f"{p.name.schema}.{p.name.name}": (p.table_id, p.key) for p in pairs}
    if found != wanted:
        changed = sorted(set(found.items()) ^ set(wanted.items()))
        raise DefinitionChangedError(
            f"{side}: the moved tables changed since capture was installed: "
            f"{', '.join(sorted({name for name, _ in changed}))}",
            hint="run `changeover capture install` again: it takes new tables in",
        )
