"""`mirror run` and `mirror status`: the daemon that carries changed keys."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated

import typer

from changeover.cli.command import command, group
from changeover.cli.grid import gate_grid
from changeover.cli.outcome import ExitCode, Outcome, layout
from changeover.cli.plain import plain
from changeover.cli.session import Session
from changeover.model.errors import ConfigurationError
from changeover.model.side import Side

if TYPE_CHECKING:
    from changeover.control.move import Move

MetricsPort = Annotated[
    int | None,
    typer.Option(
        "--metrics-port",
        metavar="N",
        help="Serve metrics for Prometheus on this port of 127.0.0.1; 0 for any that is free.",
        show_default=False,
    ),
]

GATES = frozenset({"gates", "marker", "books", "caught_up", "guards", "only_the_mirror"})


def register(app: typer.Typer) -> None:
    """Add these verbs to the program."""
    mirror = group(app, "mirror", "The daemon that carries changes from primary to secondary.")
    command(mirror, "run")(run)
    command(mirror, "status")(status)


@dataclass(slots=True)
class Stop:
    """Whether a signal has asked for the end, and which.

    Attributes:
        numbers: The signals that came, in order.
    """

    numbers: list[int] = field(default_factory=list)

    def is_wanted(self) -> bool:
        """Return whether the daemon shall end after its round."""
        return bool(self.numbers)

    def take(self, number: int, _frame: object) -> None:
        """Take a signal; the second one does not wait for the round.

        Raises:
            KeyboardInterrupt: At the second signal.
        """
        self.numbers.append(number)
        if len(self.numbers) > 1:
            raise KeyboardInterrupt


@contextmanager
def stopped_by_signals() -> Iterator[Stop]:
    """Turn SIGTERM and SIGINT into a wish that the daemon asks for between rounds."""
    stop = Stop()
    handlers = {n: signal.signal(n, stop.take) for n in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def run(session: Session, *, metrics_port: MetricsPort = None) -> Outcome:
    """Run the mirror until it is stopped or the move is finished; one at a time, by its lock.

    It is also the watchdog of swaps. SIGTERM and SIGINT let it finish its round. It does not ask:
    run it as a service.
    """
    from changeover.control.move import installed_pairs
    from changeover.journey import daemon

    move = session.move
    for side in Side:
        move.connect_owner(side, "daemon").close()
    installed_pairs(move)
    with _counted(session, move, metrics_port) as counted, stopped_by_signals() as stop:
        session.printer.note("the mirror runs; stop it with SIGTERM or Ctrl-C")
        daemon.run(counted, stop.is_wanted)
    is_interrupted = signal.SIGINT in stop.numbers
    why = "stopped" if stop.is_wanted() else "the move is finished"
    return Outcome(
        result={"ended": why},
        exit_code=ExitCode.INTERRUPTED if is_interrupted else ExitCode.FINE,
    )


@contextmanager
def _counted(session: Session, move: "Move", port: int | None) -> "Iterator[Move]":
    """Serve metrics of a move inside of the block, if a port is given; give the move to run."""
    if port is None:
        yield move
        return
    try:
        from changeover.journey.mirror_metrics import MirrorMetrics, served
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"the metrics need {error.name}, which is not installed",
            hint="pip install 'changeover[metrics]'",
        ) from None
    from changeover.routing.audience import Audience

    metrics = MirrorMetrics(move)
    with served(metrics, port) as chosen:
        session.printer.note(f"metrics on http://127.0.0.1:{chosen}/metrics")
        yield replace(move, observer=Audience(move.observer, metrics))


def status(session: Session) -> Outcome:
    """Show whether the mirror is healthy: marker, books, backlog, triggers.

    Ends with 4 when a gate of these is not green; idle or unreadable is not green.
    """
    from changeover.journey.status import status as read_status

    standing = read_status(session.move)
    gates = [gate for gate in standing.gates if gate.name in GATES]
    is_green = bool(gates) and all(gate.is_green for gate in gates)
    result = {
        "is_green": is_green,
        "mirror": standing.mirror,
        "log_rows": standing.log_rows,
        "gates": gates,
    }
    blocks = [
        *layout(plain({"is_green": is_green, "log_rows": standing.log_rows, **standing.mirror})),
        gate_grid(gates),
    ]
    return Outcome(
        result=result,
        blocks=blocks,
        exit_code=ExitCode.FINE if is_green else ExitCode.REFUSED,
        next_steps=[gate.hint for gate in gates if gate.hint],
    )
