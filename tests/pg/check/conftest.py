"""A small healthy move, a way to plant a fault in it, and a way to find what check said of it."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from changeover.journey.check import CheckReport, Finding, run_checks

ITEM = "CREATE TABLE public.item (id bigint PRIMARY KEY, note text)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A move whose databases hold one table, and what check says of it."""

    pair: object
    make_move: Callable

    def plant(self, *statements, side="source", is_superuser=False) -> None:
        """Run statements on one side, as the owner unless said otherwise."""
        database = getattr(self.pair, side)
        connect = database.connect_as_superuser if is_superuser else database.connect
        with connect() as connection:
            for statement in statements:
                connection.execute(statement)

    def move(self, **settings):
        """Return the move."""
        return self.make_move(self.pair, **settings)

    def check(self, **settings) -> CheckReport:
        """Return what check says."""
        return run_checks(self.move(**settings))

    @staticmethod
    def found(report, code, subject=None) -> Finding:
        """Return the one finding of a code that is no pass, of a subject if there are several."""
        of_code = [f for f in report.findings if f.code == code and subject in {None, f.subject}]
        told = [f for f in of_code if f.severity != "pass"]
        assert len(told) == 1, [(f.code, f.side, f.subject, f.fact) for f in of_code]
        return told[0]


@pytest.fixture
def bare_field(pair, make_move) -> Field:
    """A move whose databases are empty."""
    return Field(pair=pair, make_move=make_move)


@pytest.fixture
def field(bare_field) -> Field:
    """A move with one table on each side, filled on the source."""
    for side in ("source", "target"):
        bare_field.plant(ITEM, side=side)
    bare_field.plant("INSERT INTO public.item VALUES (1, 'one')")
    return bare_field
