"""A move in one of three ways, its primary to write on and its secondary to compare."""

from dataclasses import dataclass
from typing import Any

import pytest
from psycopg import sql

from changeover.control.move import Move, installed_pairs
from changeover.control.swap import Kind
from changeover.embedded import Database
from changeover.journey.swap import Driver, Swapped
from changeover.model.side import Side
from changeover.transfer.mirror import Mirror
from changeover.transfer.round import RoundResult


@dataclass(slots=True, kw_only=True)
class Scene:
    """A move whose capture is installed, seen from the side that is primary now."""

    pair: Any
    move: Move
    mirror_of: Any
    side: Side = Side.SOURCE
    mirror: Mirror | None = None

    @property
    def primary(self) -> Database:
        """The database that accepts writes."""
        return self.pair.source if self.side is Side.SOURCE else self.pair.target

    @property
    def secondary(self) -> Database:
        """The database that the mirror writes into."""
        return self.pair.target if self.side is Side.SOURCE else self.pair.source

    def swap(self, kind: Kind) -> Swapped:
        """Cut over or roll back, without asking the gates."""
        if self.mirror is not None:
            self.mirror.close()
            self.mirror = None
        with self.move.connect_owner(Side.TARGET, "test") as target:
            swapped = Driver(self.move, kind, target).run(installed_pairs(self.move))
        self.side = kind.new_primary
        return swapped

    def write(self, *statements: str) -> None:
        """Run statements on the primary as its owner, each in a transaction of its own."""
        with self.primary.connect() as connection:
            for statement in statements:
                connection.execute(statement)

    def write_together(self, *statements: str) -> None:
        """Run statements on the primary as its owner, in one transaction."""
        with self.primary.connect() as connection, connection.transaction():
            for statement in statements:
                connection.execute(statement)

    def carry(self) -> RoundResult:
        """Run one round of the mirror."""
        if self.mirror is None:
            self.mirror = self.mirror_of(self.move)
        return self.mirror.round()

    def on_both(self, *statements: str) -> None:
        """Run statements on both sides as their owners."""
        for database in (self.pair.source, self.pair.target):
            with database.connect() as connection:
                for statement in statements:
                    connection.execute(statement)

    def require_same(self, *tables: str) -> int:
        """Fail unless both sides hold the same rows; return how many there are."""
        count = 0
        for table in tables:
            ours, theirs = (everything(db, table) for db in (self.primary, self.secondary))
            assert theirs == ours, table
            count += len(ours)
        return count


PINS = (
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO'",
    "SET IntervalStyle = 'postgres'",
    "SET extra_float_digits = 1",
)


def everything(database: Database, table: str) -> list[tuple[str]]:
    """Return all rows of a table as texts; a column that one side alone has is named `extra`."""
    with database.connect() as connection:
        for setting in PINS:
            connection.execute(setting)
        connection.execute("SET search_path = public")
        columns = connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
            " AND NOT attisdropped AND attname <> 'extra' ORDER BY attname",
            (table,),
        ).fetchall()
        listed = sql.SQL(", ").join(sql.Identifier(name) for (name,) in columns)
        query = sql.SQL('SELECT ROW({})::text COLLATE "C" FROM ONLY {} ORDER BY 1')
        kind = connection.execute(
            "SELECT relkind FROM pg_class WHERE oid = %s::regclass", (table,)
        ).fetchone()
        if kind == ("p",):
            query = sql.SQL('SELECT ROW({})::text COLLATE "C" FROM {} ORDER BY 1')
        return connection.execute(query.format(listed, sql.SQL(table))).fetchall()


WAYS = ("forward by role", "forward by secret", "reverse")


@pytest.fixture
def scene(ready, mirror_of):
    """A function that makes a pair of databases and tables into a scene, source as primary."""

    def make(pair, *statements, **more) -> Scene:
        return Scene(pair=pair, move=ready(pair, *statements, **more), mirror_of=mirror_of)

    return make


@pytest.fixture(params=WAYS)
def moving(request, pair_with, scene):
    """A function like `scene`, in each way: role and replica, secret and drop, and back again."""
    has_rights = request.param != "forward by secret"

    def make(*statements, **more) -> Scene:
        one = scene(
            pair_with(createrole=has_rights, replication_role_grant=has_rights),
            *statements,
            **more,
        )
        if request.param == "reverse":
            one.swap(Kind.CUTOVER)
        return one

    return make
