"""The whole journey, by the real command line, while writers write.

Check, schema, capture, mirror, copy, verify with a planted difference, cutover, rollback, cutover
again, comparison, finish. A phase that is refused ends the journey; what can be counted is counted
all the same.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from changeover import Side
from salon.demo import judge
from salon.demo.authority import Chronicle
from salon.demo.comparison import TableComparison
from salon.demo.gap import SwapWindow, swap_gaps
from salon.demo.ledger import INTENDED, Record
from salon.demo.process import (
    Clock,
    CommandLine,
    Companion,
    Said,
    TimeIsUpError,
    at_s,
    environment,
    read_events,
)
from salon.demo.report import LagPoint, Refusal, Report
from salon.demo.scene import Scene
from salon.demo.terminal import Voice
from salon.demo.witness import WitnessConfig
from salon.demo.writer import WriterConfig
from salon.sample import SIZES

BREAKS: Final[Mapping[str, str]] = {
    "mirror": "mirror.skips_rows",
    "verify": "verify.sees_nothing",
    "fence": "fence.stays_open",
    "booking": "booking.is_lost",
}
"""Switches of ``--break``, and the fault point that each arms in every command."""

FINE_OR_FINDINGS: Final = (0, 3)
TABLE_MISSING: Final = "CK-TABLE-MISSING"
"""What `check` says before `schema apply`, which carries those tables."""

PLANTED_TABLE: Final = "services"
PLANT: Final[LiteralString] = (
    "UPDATE public.services SET title = title || '!'"
    " WHERE id = (SELECT min(id) FROM public.services)"
)
GREEN_S_MAX: Final = 30.0
POLL_S: Final = 0.25
NEEDED: Final = frozenset({"marker", "caught_up", "way_back_rehearsed"})
"""Gates that the mirror turns green by itself; an operator waits for them before a swap."""


class RefusedError(Exception):
    """A phase could not be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a run is made.

    Attributes:
        writers: Writer processes.
        rate_per_s: Writes a second of all of them together.
        scale: Factor on the sample.
        seconds_scale: Factor on the time that is only spent writing.
        seconds_max: Longest run, set-up apart.
        broken: A key of BREAKS, or None.
    """

    writers: int = 8
    rate_per_s: float = 200.0
    scale: float = 10.0
    seconds_scale: float = 1.0
    seconds_max: float = 300.0
    broken: str | None = None

    @property
    def faults(self) -> str:
        """The fault points that are armed."""
        return BREAKS[self.broken] if self.broken else ""


@dataclass(slots=True)
class Found:
    """What the journey has found so far; None is not measured."""

    rows_copied: int | None = None
    verify_differences: int | None = None
    verify_missed: int | None = None
    books_unbalanced: int | None = None
    tables: tuple[TableComparison, ...] | None = None
    windows: list[SwapWindow] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    refused: Refusal | None = None


class Journey:
    """One run."""

    def __init__(self, scene: Scene, options: Options, voice: Voice, clock: Clock) -> None:
        """Prepare; nothing is started yet."""
        self._scene = scene
        self._options = options
        self._voice = voice
        self._clock = clock
        self._found = Found()
        self._chronicle: Chronicle | None = None
        self._writers: list[Companion] = []
        self._processes = ExitStack()
        self._command = CommandLine(
            scene.place.configuration,
            scene.place.log("."),
            faults=options.faults,
            clock=clock,
        )
        self._began_monotonic_s = time.monotonic()
        self._began_wall_s = time.time()
        self._mirror: Companion | None = None

    @property
    def phases(self) -> tuple[tuple[str, str, Callable[[], None]], ...]:
        """Every phase: its key in the report, what it does in words, and the function."""
        return (
            ("writers", "the application writes to the source", self._start_writers),
            ("check", "changeover check; what it refuses is answered by the next step", self._check),
            ("schema", "changeover schema apply, then check again", self._schema),
            ("capture", "changeover capture install", self._capture),
            ("copy", "changeover copy run, beside changeover mirror run", self._copy),
            ("catch_up", "the mirror catches up", self._await_green),
            ("verify", "changeover verify", self._verify),
            ("self_test", "plant one difference; verify must name it, repair mend it", self._plant),
            ("cutover", "changeover cutover", lambda: self._swap("cutover")),
            ("writes_on_target", "the application writes to the target", self._write_on),
            ("rollback", "changeover rollback", lambda: self._swap("rollback")),
            ("writes_on_source", "the application writes to the source again", self._write_on),
            ("verify_again", "changeover verify", self._verify),
            ("cutover_again", "changeover cutover", lambda: self._swap("cutover")),
            ("writes_after", "the application writes to the target", self._write_on),
            ("settle", "writers end, the mirror drains", self._settle),
            ("compare", "changeover verify, and SQL of our own on both sides", self._compare),
            ("finish", "changeover finish", self._finish),
        )

    def run(self) -> Report:
        """Make the journey and judge it.

        Returns:
            The report, whatever happened on the way.
        """
        with self._processes:
            for name, text, work in self.phases:
                began = time.monotonic()
                try:
                    with self._voice.phase(name, text):
                        work()
                except RefusedError as error:
                    self._found.refused = Refusal(phase=name, complaint=str(error))
                except TimeIsUpError:
                    told = f"the run took longer than {self._options.seconds_max:g} s"
                    self._found.refused = Refusal(phase=name, complaint=told)
                self._found.seconds[name] = round(time.monotonic() - began, 2)
                if self._found.refused:
                    break
            seconds = time.monotonic() - self._began_monotonic_s
            if self._found.refused:
                self._count_what_is_there()
        return self._report(seconds)

    # ---- phases ----------------------------------------------------------------------------------

    def _start_writers(self) -> None:
        place, options = self._scene.place, self._options
        files = {
            "source_dsn_file": str(place.dsn_file(Side.SOURCE)),
            "target_dsn_file": str(place.dsn_file(Side.TARGET)),
        }
        for writer in range(options.writers):
            config = WriterConfig(
                writer=writer,
                ledger_file=str(place.ledger(writer)),
                rate_per_s=options.rate_per_s / options.writers,
                client_count=round(SIZES["clients"] * options.scale),
                **files,
            )
            path = place.log(f"writer-{writer}.config")
            config.save(path)
            self._writers.append(self._start_module("salon.demo.writer", f"writer-{writer}"))
        sightings = WitnessConfig(sighting_file=str(place.sightings), **files)
        sightings.save(place.log("witness.config"))
        self._start_module("salon.demo.witness", "witness")
        self._await(self._have_all_written, "a writer has not written within")
        self._pause(2)

    def _start_module(self, module: str, name: str) -> Companion:
        place = self._scene.place
        arguments = [sys.executable, "-m", module, "--config", str(place.log(f"{name}.config"))]
        return self._processes.enter_context(
            Companion(
                arguments,
                out=place.log(f"{name}.out"),
                err=place.log(f"{name}.err"),
                environment=environment(),
            )
        )

    def _have_all_written(self) -> bool:
        self._require_writers()
        ledgers = [self._scene.place.ledger(writer) for writer in range(self._options.writers)]
        return all(path.exists() and "acknowledged" in path.read_text() for path in ledgers)

    def _require_writers(self) -> None:
        dead = sum(not writer.is_running for writer in self._writers)
        if dead:
            raise RefusedError(f"{dead} writer process(es) have ended; see log/writer-*.err")

    def _check(self) -> None:
        self._require_no_refusal(but={TABLE_MISSING})

    def _require_no_refusal(self, but: Collection[str] = ()) -> None:
        said = self._command.run("check")
        refusals = [
            f"{one['code']} {one['subject']}: {one['fact']}"
            for one in said.result.get("findings", ())
            if one["severity"] == "refuse" and one["code"] not in but
        ]
        if refusals or "findings" not in said.result:
            raise RefusedError("; ".join(refusals) or said.complaint)

    def _schema(self) -> None:
        said = self._command.run("schema", "apply", "--yes")
        if said.exit_code not in FINE_OR_FINDINGS:
            raise RefusedError(said.complaint)
        self._require_no_refusal()

    def _capture(self) -> None:
        self._do("capture", "install", "--yes")
        self._chronicle = Chronicle(began_s=time.time())

    def _copy(self) -> None:
        self._mirror = self._processes.enter_context(
            self._command.start("mirror", "run", name="mirror")
        )
        said = self._do("copy", "run", "--yes")
        self._found.rows_copied = said.result["rows"]

    def _await_green(self) -> None:
        """Wait for what the mirror turns green by itself."""
        self._await(lambda: not self._red() & NEEDED, "the mirror was not green within")

    def _red(self) -> set[str]:
        gates = self._command.run("gates").result.get("gates", ())
        if not gates:
            return set(NEEDED)
        return {gate["name"] for gate in gates if not gate["is_green"]}

    def _verify(self) -> None:
        self._add_differences(self._command.run("verify"))

    def _add_differences(self, said: Said) -> None:
        if "differences" not in said.result:
            raise RefusedError(said.complaint)
        found = said.result["differences"] + said.result["unsettled"]
        self._found.verify_differences = (self._found.verify_differences or 0) + found

    def _plant(self) -> None:
        """Change one cell of the fenced target as its mirror, past every trigger; find it again."""
        with self._scene.databases[Side.TARGET].connect_as_superuser() as target:
            _plant(target)
        said = self._command.run("verify")
        tables = said.result.get("tables", ())
        different = {t["table"]["name"]: t["different"] for t in tables if t["different"]}
        is_named = different.get(PLANTED_TABLE) == 1
        self._found.verify_missed = 0 if is_named else 1
        if not is_named:
            return
        self._add_beside(said)
        planned = self._command.run("repair", "plan")
        if not planned.result.get("path"):
            raise RefusedError(planned.complaint)
        self._do("repair", "apply", str(planned.result["path"]), "--yes")
        again = self._command.run("verify")
        if not again.result.get("is_equal"):
            self._add_differences(again)

    def _add_beside(self, said: Said) -> None:
        """Count what verify named beside the planted difference."""
        beside = said.result["differences"] + said.result["unsettled"] - 1
        self._found.verify_differences = (self._found.verify_differences or 0) + beside

    def _swap(self, kind: str) -> None:
        self._require_writers()
        self._await(lambda: not self._red() & {"marker", "caught_up"}, "no marker came within")
        began_s = time.monotonic()
        said = self._command.run(kind, "--yes")
        if self._chronicle is not None:
            self._chronicle.take(said.events)
        if said.exit_code != 0:
            raise RefusedError(said.complaint)
        if self._found.windows:
            self._found.windows[-1] = replace(self._found.windows[-1], until_s=began_s)
        self._found.windows.append(SwapWindow(kind=kind, began_s=began_s))

    def _write_on(self) -> None:
        self._pause(8)
        self._require_writers()

    def _settle(self) -> None:
        self._end_writers()
        if not judge.await_empty_log(self._scene, self._clock):
            raise RefusedError(f"the change log was not empty after {judge.DRAIN_S_MAX:g} s")

    def _end_writers(self) -> None:
        for writer in self._writers:
            writer.ask_to_end()
        for writer in self._writers:
            writer.end()

    def _compare(self) -> None:
        self._verify()
        self._count_sides()

    def _count_sides(self) -> None:
        self._found.books_unbalanced = judge.count_unbalanced_books(self._scene)
        self._found.tables = judge.compare_sides(self._scene)

    def _finish(self) -> None:
        self._do("finish", "--yes")
        if self._mirror is not None and self._mirror.wait(self._clock) != 0:
            raise RefusedError("the mirror did not end by itself after finish")

    # ---- what phases are made of -----------------------------------------------------------------

    def _do(self, *words: str) -> Said:
        said = self._command.run(*words)
        if said.exit_code != 0:
            raise RefusedError(said.complaint)
        return said

    def _pause(self, seconds: float) -> None:
        time.sleep(min(seconds * self._options.seconds_scale, self._clock.left_s))

    def _await(self, is_so: Callable[[], bool], complaint: str) -> None:
        until = time.monotonic() + min(GREEN_S_MAX, self._clock.left_s)
        while not is_so():
            if time.monotonic() > until:
                raise RefusedError(f"{complaint} {GREEN_S_MAX:g} s")
            time.sleep(POLL_S)

    # ---- the end ---------------------------------------------------------------------------------

    def _count_what_is_there(self) -> None:
        """After a refusal: end the writers, let the mirror drain, count what can be counted."""
        self._end_writers()
        if self._chronicle is None or self._found.rows_copied is None:
            return
        try:
            judge.await_empty_log(self._scene, self._clock)
        except TimeIsUpError:
            self._voice.say("the time is up; the mirror is not waited for")
        self._count_sides()

    def _report(self, seconds_in_all: float) -> Report:
        found, options = self._found, self._options
        counted = judge.count(self._scene, self._chronicle)
        judgement = counted.judgement
        lag = self._lag()
        return Report(
            rows_copied=found.rows_copied,
            seconds=found.seconds,
            acknowledged_writes=judgement.acknowledged,
            unknown_writes=judgement.unknown,
            lost_writes=len(judgement.lost),
            extra_rows=len(judgement.extra) + len(judgement.doubled) + counted.doubled_effects,
            differences=self._differences(),
            failed_writes=len(judgement.failed),
            two_authorities=counted.two_authorities,
            twin_disagreements=counted.twin_disagreements,
            verify_missed=found.verify_missed,
            books_unbalanced=found.books_unbalanced,
            mirror_lag_ms_max=max((point.lag_ms for point in lag), default=None),
            swaps=[_swap_value(counted.records, window) for window in found.windows],
            seconds_in_all=round(seconds_in_all, 1),
            repeated_writes=judgement.repeated,
            twin_looks=counted.twin_looks,
            final_primary=str(judge.read_primary(self._scene)),
            broken_on_purpose=options.faults or None,
            refused=found.refused,
            writes_by_kind=dict(
                Counter(r.kind for r in counted.records if r.state == INTENDED)
            ),
            tables=[
                {"table": one.table, "rows": list(one.rows), "differences": one.differences}
                for one in found.tables or ()
            ],
            lag=lag,
            swapped_at_s=[round(w.began_s - self._began_monotonic_s, 2) for w in found.windows],
        )

    def _differences(self) -> int | None:
        """Return what verify and our own comparison found, or None where one could not be made."""
        found = self._found
        if found.tables is None or found.verify_differences is None:
            return None
        return found.verify_differences + sum(one.differences for one in found.tables)

    def _lag(self) -> tuple[LagPoint, ...]:
        if self._mirror is None:
            return ()
        return tuple(
            LagPoint(
                at_s=round(at_s(event) - self._began_wall_s, 3),
                lag_ms=round(event["lag_ms"], 1),
                direction=event["direction"],
            )
            for event in read_events(self._mirror.err)
            if event["event"] == "MarkerReturned"
        )


def _plant(target: psycopg.Connection[Any]) -> None:
    """Change a cell under the mirror's own identity, which the fence lets pass unrecorded."""
    row = target.execute("SELECT mirror_role FROM changeover.side").fetchone()
    if row is None or row[0] is None:
        raise RefusedError("the mirror has no role of its own on the target")
    target.execute(sql.SQL("SET SESSION AUTHORIZATION {}").format(sql.Identifier(str(row[0]))))
    if target.execute(PLANT).rowcount != 1:
        raise RefusedError("the difference could not be planted")


def _swap_value(records: tuple[Record, ...], window: SwapWindow) -> dict[str, Any]:
    gaps = swap_gaps(records, window)
    return {
        "kind": gaps.kind,
        "write_gap_ms_p50": gaps.percentile_ms(50),
        "write_gap_ms_p99": gaps.percentile_ms(99),
        "write_gap_ms_max": gaps.percentile_ms(100),
        "write_gaps_ms": {str(writer): value for writer, value in gaps.by_writer_ms.items()},
    }
