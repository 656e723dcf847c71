"""Tables for people, of values that several verbs show."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from changeover.cli.outcome import Grid, cell
from changeover.cli.plain import plain

if TYPE_CHECKING:
    from changeover.control.client import Client
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


def client_grid(clients: "Iterable[Client]") -> Grid:
    """Return the clients as a table, the first column telling whether they follow."""
    columns = ["", "client", "id", "version", "stage", "side", "polled s ago", "queued", "breaker"]
    rows = [
        [
            str(one.condition),
            one.name,
            one.client_id[:8],
            one.version,
            one.stage,
            f"{one.side} (killed)" if one.kill else one.side,
            f"{one.polled_s_ago:.1f}",
            cell(plain(one.queued)),
            one.breaker or "-",
        ]
        for one in clients
    ]
    return Grid(title="clients", columns=columns, rows=rows)
