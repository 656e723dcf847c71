"""Tables for people, of values that several verbs show."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from changeover.cli.outcome import Grid

if TYPE_CHECKING:
    from changeover.journey.gate import Gate


def gate_grid(gates: "Iterable[Gate]") -> Grid:
    """Return gates as a table, the red ones with their next act."""
    return Grid(
        title="gates",
        columns=["", "gate", "fact", "next"],
        rows=[
            ["pass" if gate.is_green else "FAIL", gate.name, gate.fact, gate.hint] for gate in gates
        ],
    )
