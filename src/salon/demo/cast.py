"""Who takes part beside the commands: the writers and the witness, each a process of its own."""

import sys
from contextlib import ExitStack

from changeover import Side
from salon.demo.process import Companion, environment
from salon.demo.scene import Place
from salon.demo.witness import WitnessConfig
from salon.demo.writer import WriterConfig
from salon.sample import SIZES


class Cast:
    """The writers and the witness of one run."""

    def __init__(self, place: Place, processes: ExitStack) -> None:
        """Prepare.

        Args:
            place: Where ledgers, logs and connection strings lie.
            processes: Ends what was started, whatever happens.
        """
        self._place = place
        self._processes = processes
        self._writers: list[Companion] = []

    def start(self, *, writers: int, rate_per_s: float, scale: float) -> None:
        """Start them.

        Args:
            writers: How many write.
            rate_per_s: Writes a second of all of them together.
            scale: Factor on the sample, which says how many clients there are.
        """
        source, target = (str(self._place.dsn_file(side)) for side in Side)
        for writer in range(writers):
            config = WriterConfig(
                writer=writer,
                source_dsn_file=source,
                target_dsn_file=target,
                ledger_file=str(self._place.ledger(writer)),
                rate_per_s=rate_per_s / writers,
                client_count=round(SIZES["clients"] * scale),
            )
            config.save(self._place.log(f"writer-{writer}.config"))
            self._writers.append(self._start("salon.demo.writer", f"writer-{writer}"))
        watching = WitnessConfig(
            source_dsn_file=source,
            target_dsn_file=target,
            sighting_file=str(self._place.sightings),
        )
        watching.save(self._place.log("witness.config"))
        self._start("salon.demo.witness", "witness")

    def _start(self, module: str, name: str) -> Companion:
        log = self._place.log
        arguments = [sys.executable, "-m", module, "--config", str(log(f"{name}.config"))]
        return self._processes.enter_context(
            Companion(
                arguments,
                out=log(f"{name}.out"),
                err=log(f"{name}.err"),
                environment=environment(),
            )
        )

    @property
    def dead(self) -> int:
        """How many writers have ended although nobody asked them to."""
        return sum(not writer.is_running for writer in self._writers)

    def have_all_written(self) -> bool:
        """Return whether every writer has had a write acknowledged."""
        ledgers = [self._place.ledger(writer) for writer in range(len(self._writers))]
        return all(path.exists() and "acknowledged" in path.read_text() for path in ledgers)

    def end_writers(self) -> None:
        """Let every writer finish its write, and wait for it."""
        for writer in self._writers:
            writer.ask_to_end()
        for writer in self._writers:
            writer.end()
