"""A move between the two databases of a test, and corruption that is planted there."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count

import pytest
from psycopg import sql

from changeover.control.move import Move
from changeover.database import Endpoint
from changeover.model.fault import Hooks
from changeover.model.secret import Secret
from changeover.model.settings import MoveSettings, Settings, VerifySettings
from changeover.model.side import Side
from changeover.transfer.verify import VerifyReport, verify


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Both databases and a move between them."""

    source: object
    target: object
    move: Move

    def with_settings(self, **changes) -> "Bench":
        """Return the same with other verify settings."""
        verify_settings = {"workers": 2, "range_rows": 100, "bisect_rows": 8, "settle_s_max": 1.0}
        settings = Settings(
            move=MoveSettings(schemas=("public",), whole=changes.pop("whole", ())),
            verify=VerifySettings(**{**verify_settings, **changes}),
            state_directory=self.move.settings.state_directory,
        )
        return replace(self, move=replace(self.move, settings=settings))

    def with_hooks(self, **changes) -> "Bench":
        """Return the same with fault points or race points."""
        return replace(self, move=replace(self.move, hooks=Hooks(**changes)))

    def on(self, side, *statements) -> None:
        """Run statements on a side as its owner."""
        database = self.source if side is Side.SOURCE else self.target
        with database.connect() as connection:
            connection.execute("SET search_path = public")
            for statement in statements:
                connection.execute(statement)

    def both(self, *statements) -> None:
        """Run statements on both sides."""
        for side in Side:
            self.on(side, *statements)

    def plant(self, *statements) -> None:
        """Corrupt the target."""
        self.on(Side.TARGET, *statements)

    def verify(self, **options) -> VerifyReport:
        """Verify all tables."""
        return verify(self.move, **options)

    def found(self, **options) -> set[tuple[str, str, tuple[str, ...], int]]:
        """Verify and return table, kind, columns and row count of every difference."""
        report = self.verify(**options)
        assert report.unsettled == 0
        assert report.is_equal == (report.differences == 0)
        return {
            (table.table.name, str(found.kind), found.columns, found.rows)
            for table in report.tables
            for found in table.divergences
        }

    def key_hash(self, table, key, condition) -> str:
        """Return the hash of a key as the documentation says it can be computed."""
        for database in (self.source, self.target):
            with database.connect() as connection:
                connection.execute("SET TimeZone = 'UTC'")
                row = connection.execute(
                    sql.SQL(
                        "SELECT left(encode(sha256(convert_to(ARRAY[{}]::text, 'UTF8')), 'hex'),"
                        " 16) FROM public.{} WHERE {}"
                    ).format(
                        sql.SQL(", ").join(
                            sql.SQL("{}::text").format(sql.Identifier(name)) for name in key
                        ),
                        sql.Identifier(table),
                        sql.SQL(condition),
                    )
                ).fetchone()
                if row:
                    return row[0]
        raise AssertionError(condition)


@pytest.fixture
def bench(pair, tmp_path) -> Bench:
    """A move between two fresh databases; nothing is installed."""
    databases = {Side.SOURCE: pair.source, Side.TARGET: pair.target}
    owners = {
        side: Endpoint(side=side, dsn=Secret(database.dsn)) for side, database in databases.items()
    }
    move = Move(owners=owners, settings=Settings(state_directory=str(tmp_path / "state")))
    return Bench(source=pair.source, target=pair.target, move=move).with_settings()


@pytest.fixture
def verify_under_writes() -> Callable[..., VerifyReport]:
    """A function that verifies a mirrored move again and again while something writes.

    `write(number)` is called in a thread and returns how many rows it wrote; it goes on until
    `writes_min` rows were written and a verification has begun and ended after that. Every report
    must be green: no difference, nothing unsettled. The last report is returned.
    """

    def run(move, write, *, writes_min=100_000) -> VerifyReport:
        written = 0
        is_over = threading.Event()
        errors = []

        def writer() -> None:
            nonlocal written
            try:
                for number in count():
                    if is_over.is_set():
                        return
                    written += write(number)
            except BaseException as error:  # noqa: BLE001 - raised in the test's thread
                errors.append(error)

        thread = threading.Thread(target=writer)
        thread.start()
        try:
            while not errors:
                is_last = written >= writes_min
                report = verify(move)
                assert report.is_green, report.to_json()
                if is_last:
                    break
        finally:
            is_over.set()
            thread.join()
        assert errors == []
        return report

    return run
