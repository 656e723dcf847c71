"""`status`, `gates`: where the move stands."""

from typing import TYPE_CHECKING, Annotated

import typer

from changeover.cli.command import command
from changeover.cli.grid import client_grid, gate_grid
from changeover.cli.outcome import Block, ExitCode, Outcome, layout
from changeover.cli.plain import plain
from changeover.cli.session import Session

if TYPE_CHECKING:
    from changeover.control.swap import Kind
    from changeover.journey.status import Status

For = Annotated[
    str,
    typer.Option(
        "--for",
        metavar="cutover|rollback",
        help="The swap whose gates are asked; the next one if not given.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add these verbs to the program."""
    command(app, "status")(status)
    command(app, "gates")(gates)


def status(session: Session) -> Outcome:
    """Show where the move stands, what is wrong, and what comes next.

    Ends with 3 when anything is not green; what can't be read is not green.
    """
    from changeover.journey.status import status as read_status

    standing = read_status(session.move)
    return Outcome(
        result=standing,
        blocks=_blocks(standing),
        exit_code=ExitCode.FINE if standing.is_green else ExitCode.FINDINGS,
        next_steps=standing.next_steps,
    )


def _blocks(standing: "Status") -> list[Block]:
    facts = {
        "stage": standing.stage,
        "primary": standing.primary,
        "epoch": standing.epoch,
        "tables copied": f"{standing.copied_tables} of {standing.tables}",
        "change log": standing.log_rows,
        "swap": standing.swap,
    }
    facts |= {f"fence of the {side}": state for side, state in standing.fences.items()}
    blocks = [*layout(plain(facts)), *layout(plain(standing.mirror), "mirror")]
    if standing.reads:
        blocks += layout(plain(standing.reads), "reads")
    if standing.clients:
        blocks.append(client_grid(standing.clients))
    if standing.gates:
        blocks.append(gate_grid(standing.gates))
    return [*blocks, *(f"problem: {text}" for text in standing.problems)]


def gates(session: Session, *, swap: For = "") -> Outcome:
    """Show the gates of a swap, each with what it found; begins nothing.

    Ends with 4 when one is not green.
    """
    from changeover.journey.cutover import evaluate

    kind = _kind(session, swap)
    found = evaluate(session.move, kind)
    is_green = bool(found) and all(gate.is_green for gate in found)
    return Outcome(
        result={"swap": kind, "is_green": is_green, "gates": found},
        blocks=[f"{kind}: {'green' if is_green else 'refused'}", gate_grid(found)],
        exit_code=ExitCode.FINE if is_green else ExitCode.REFUSED,
        next_steps=[gate.hint for gate in found if gate.hint] or [f"changeover {kind}"],
    )


def _kind(session: Session, swap: str) -> "Kind":
    from changeover.control.swap import Kind
    from changeover.journey.status import status as read_status
    from changeover.model.errors import ConfigurationError
    from changeover.model.side import Side

    if not swap:
        primary = read_status(session.move).primary
        return Kind.CUTOVER if primary == Side.SOURCE else Kind.ROLLBACK
    try:
        return Kind(swap)
    except ValueError:
        raise ConfigurationError(
            f"'{swap}' is not a swap", hint=f"write {' or '.join(Kind)}"
        ) from None
