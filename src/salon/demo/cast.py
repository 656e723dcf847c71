"""Who takes part beside the commands, each a process of its own: writers, witness, application."""

from contextlib import ExitStack
from typing import Final

from changeover import Side
from salon.demo.application import ApplicationConfig
from salon.demo.process import Companion, start_module
from salon.demo.provider import start_gateway
from salon.demo.scene import Scene
from salon.demo.witness import WitnessConfig
from salon.demo.writer import WriterConfig
from salon.sample import SIZES

LANES: Final = 4
"""Conversations that go on at once in one process of the application."""

APPLICATIONS: Final = 4


class Cast:
    """The writers, the witness and the application of one run."""

    def __init__(self, scene: Scene, processes: ExitStack) -> None:
        """Prepare.

        Args:
            scene: Both databases; where ledgers, logs and connection strings lie.
            processes: Ends what was started, whatever happens.
        """
        self._scene = scene
        self._place = scene.place
        self._processes = processes
        self._writers: list[Companion] = []
        self._applications: dict[str, Companion] = {}
        self._applications_made = 0
        self._gateway_url = ""

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
        return self._processes.enter_context(start_module(self._place, module, name))

    def start_gateway(self) -> None:
        """Start the gateway that half of the application's processes call."""
        secrets = self._scene.secrets
        self._gateway_url = start_gateway(
            self._place,
            self._processes,
            name="gateway",
            told={"SUPABASE_JWT_SECRET": secrets.jwt_secret},
            words=("--config", str(self._place.configuration)),
        )

    def start_applications(self, *, rate_per_s: float) -> None:
        """Start the application's processes, each with users of its own.

        Args:
            rate_per_s: Calls a second of all of them together.
        """
        place = self._place
        for way in ("transport", "gateway"):
            for is_async in (False, True):
                number = self._applications_made
                name = f"{number}-{way}"
                url = self._scene.provider.url if way == "transport" else self._gateway_url
                config = ApplicationConfig(
                    name=f"salon {name}",
                    way=way,
                    is_async=is_async,
                    url=url,
                    dsn_file=str(place.application_dsn_file),
                    secret_file=str(place.secret_file),
                    state_file=str(place.log(f"application-{name}.state")),
                    request_file=str(place.request_file(name)),
                    first_lane=number * LANES,
                    lanes=LANES,
                    rate_per_s=rate_per_s / APPLICATIONS,
                )
                config.save(place.log(f"application-{name}.config"))
                started = self._start("salon.demo.application", f"application-{name}")
                self._applications[name] = started
                self._applications_made += 1

    def have_all_called(self) -> bool:
        """Return whether every process of the application has had a call answered."""
        files = [self._place.request_file(name) for name in self._applications]
        return all(path.exists() and path.stat().st_size for path in files)

    def end_applications(self) -> None:
        """Let every process of the application finish its calls, and wait for it."""
        for application in self._applications.values():
            application.ask_to_end()
        for application in self._applications.values():
            application.end()
        self._applications = {}

    @property
    def dead(self) -> int:
        """How many processes have ended although nobody asked them to."""
        ours = (*self._writers, *self._applications.values())
        return sum(not process.is_running for process in ours)

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
        self._writers = []
