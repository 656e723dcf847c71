"""The whole journey, by the real command line, while writers write and an application is used.

Check, schema, capture, mirror, copy, verify with a planted difference; reads rolled out stage by
stage; cutover, rollback, cutover again, comparison, finish. A phase that is refused ends the
journey; what can be counted is counted all the same.
"""

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from changeover import Side
from salon.demo import judge
from salon.demo.authority import Chronicle
from salon.demo.cast import Cast
from salon.demo.conclusion import Began, Found, Options, conclude
from salon.demo.gap import SwapWindow
from salon.demo.process import Clock, CommandLine, Companion, Said, TimeIsUpError, at_s
from salon.demo.report import Refusal, Report
from salon.demo.scene import Scene
from salon.demo.terminal import Voice
from salon.demo.walk import PERCENTS, Walk

FINE_OR_FINDINGS: Final = (0, 3)
TABLE_MISSING: Final = "CK-TABLE-MISSING"
"""What `check` says before `schema apply`, which carries those tables."""

PLANTED_TABLE: Final = "services"
PLANT: Final[LiteralString] = (
    "UPDATE public.services SET title = title || '!'"
    " WHERE id = (SELECT min(id) FROM public.services)"
)
GREEN_S_MAX: Final = 30.0
WARM_UP_S: Final = 2.0
HOLD_S: Final = 6.0
GATE_REFUSED: Final = 4
POLL_S: Final = 0.25
NEEDED: Final = frozenset({"marker", "caught_up", "way_back_rehearsed"})
"""Gates that the mirror turns green by itself; an operator waits for them before a swap."""


class RefusedError(Exception):
    """A phase could not be done."""


class Journey:
    """One run."""

    def __init__(self, scene: Scene, options: Options, voice: Voice, clock: Clock) -> None:
        """Prepare; nothing is started yet."""
        self._scene = scene
        self._options = options
        self._voice = voice
        self._clock = clock
        self._found = Found()
        self._processes = ExitStack()
        self._cast = Cast(scene, self._processes)
        self._command = CommandLine(
            scene.place.configuration,
            scene.place.log("."),
            faults=options.faults,
            clock=clock,
        )
        self._walk = Walk(scene)
        self._began = Began(monotonic_s=time.monotonic(), wall_s=time.time())
        self._mirror: Companion | None = None

    @property
    def phases(self) -> tuple[tuple[str, str, Callable[[], None]], ...]:
        """Every phase: its key in the report, what it does in words, and the function."""
        return (
            ("writers", "the application writes to the source", self._start_writers),
            (
                "check",
                "changeover check; what it refuses is answered by the next step",
                self._check,
            ),
            ("schema", "changeover schema apply, then check again", self._schema),
            ("capture", "changeover capture install", self._capture),
            ("copy", "changeover copy run, beside changeover mirror run", self._copy),
            ("catch_up", "the mirror catches up", self._await_green),
            ("verify", "changeover verify, with one difference planted", self._self_test),
            ("repair", "changeover repair plan, apply", self._repair),
            ("off", "the application is answered by the source", self._hold_off),
            ("dual_write", "changeover stage next", lambda: self._next("dual_write")),
            ("shadow", "changeover stage next", lambda: self._next("shadow")),
            ("live", f"changeover stage next; rollout set {_told(PERCENTS)}", self._roll_out),
            ("cutover", "changeover cutover", lambda: self._swap("cutover")),
            ("ramp_down", "the target answers, and takes the writes", self._hold_ramp_down),
            ("rollback", "changeover rollback", lambda: self._swap("rollback")),
            ("live_again", f"changeover rollout set {_told(PERCENTS)}", self._roll_out_again),
            ("verify_again", "changeover verify", self._verify),
            ("cutover_again", "changeover cutover", lambda: self._swap("cutover")),
            ("ramp_down_again", "the target answers, and takes the writes", self._hold_ramp_down),
            ("settle", "writers and application end, the mirror drains", self._settle),
            ("compare", "changeover verify, and SQL of our own on both sides", self._compare),
            ("finish", "changeover finish", self._finish),
            ("complete", "the application starts anew", self._hold_complete),
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
            seconds = time.monotonic() - self._began.monotonic_s
            if self._found.refused:
                self._count_what_is_there()
            self._found.stages = self._walk.seen()
        return conclude(
            self._scene, self._options, self._found, self._began, seconds_in_all=seconds
        )

    # ---- phases ----------------------------------------------------------------------------------

    def _start_writers(self) -> None:
        options = self._options
        self._cast.start(
            writers=options.writers, rate_per_s=options.rate_per_s, scale=options.scale
        )
        self._cast.start_gateway()
        self._start_application()
        self._await(self._cast.have_all_written, "a writer has not written within")
        self._pause(WARM_UP_S)

    def _start_application(self) -> None:
        self._cast.start_applications(rate_per_s=self._options.calls_per_s)
        self._await(self._cast.have_all_called, "the application was not answered within")

    def _require_writers(self) -> None:
        if self._cast.dead:
            told = f"{self._cast.dead} process(es) have ended by themselves; see log/*.err"
            raise RefusedError(told)

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
        self._found.chronicle = Chronicle(began_s=time.time())

    def _copy(self) -> None:
        self._mirror = self._processes.enter_context(
            self._command.start("mirror", "run", name="mirror")
        )
        self._found.mirror_events = self._mirror.err
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

    def _add_differences(self, said: Said, *, planted: int = 0) -> None:
        if "differences" not in said.result:
            raise RefusedError(said.complaint)
        found = said.result["differences"] + said.result["unsettled"] - planted
        self._found.verify_differences = (self._found.verify_differences or 0) + found

    def _self_test(self) -> None:
        """Change one cell of the fenced target as its mirror, past every trigger; verify all."""
        with self._scene.databases[Side.TARGET].connect_as_superuser() as target:
            _plant(target)
        said = self._command.run("verify")
        different = {
            table["table"]["name"]: table["different"]
            for table in said.result.get("tables", ())
            if table["different"]
        }
        is_named = different.get(PLANTED_TABLE) == 1
        self._found.verify_missed = 0 if is_named else 1
        self._add_differences(said, planted=int(is_named))

    def _repair(self) -> None:
        """Mend what was planted; nothing can be mended that verify did not see."""
        if self._found.verify_missed:
            return
        table = ("--table", f"public.{PLANTED_TABLE}")
        planned = self._command.run("repair", "plan", *table)
        if not planned.result.get("path"):
            raise RefusedError(planned.complaint)
        self._do("repair", "apply", str(planned.result["path"]), "--yes")
        self._add_differences(self._command.run("verify", *table))

    def _swap(self, kind: str) -> None:
        self._require_writers()
        self._await(lambda: not self._red() & {"marker", "caught_up"}, "no marker came within")
        began_s = time.monotonic()
        said = self._command.run(kind, "--yes")
        if self._found.chronicle is not None:
            self._found.chronicle.take(said.events)
        if said.exit_code != 0:
            raise RefusedError(said.complaint)
        if self._found.windows:
            self._found.windows[-1] = replace(self._found.windows[-1], until_s=began_s)
        self._found.windows.append(SwapWindow(kind=kind, began_s=began_s))
        self._found.opened_s += [
            at_s(event)
            for event in said.events
            if event["event"] == "SwapMoved" and event["phase"] == "opened"
        ]

    def _hold(self, stage: str, percent: int) -> None:
        """Let everybody go on for a while in a stage, and look at what comes of it."""
        self._walk.hold(stage, percent, lambda: self._pause(HOLD_S))
        self._require_writers()

    def _hold_off(self) -> None:
        self._hold("off", 0)

    def _hold_ramp_down(self) -> None:
        self._hold("ramp_down", 100)

    def _next(self, stage: str) -> None:
        self._do_when_green("stage", "next", "--yes")
        self._hold(stage, 0)

    def _roll_out(self) -> None:
        self._do_when_green("stage", "next", "--yes")
        self._raise(PERCENTS)

    def _roll_out_again(self) -> None:
        self._hold("live", 0)
        self._raise(PERCENTS)

    def _raise(self, percents: Sequence[int]) -> None:
        for percent in percents:
            self._do_when_green("rollout", "set", f"{percent}%", "--yes")
            self._hold("live", percent)

    def _do_when_green(self, *words: str) -> None:
        """Do what a gate may refuse for a moment: until every process has seen the last step."""
        said: list[Said] = []

        def is_done() -> bool:
            said.append(self._command.run(*words))
            return said[-1].exit_code != GATE_REFUSED

        try:
            self._await(is_done, "a gate was not green within")
        except RefusedError as error:
            raise RefusedError(f"{said[-1].complaint} ({error})") from error
        if said[-1].exit_code != 0:
            raise RefusedError(said[-1].complaint)

    def _hold_complete(self) -> None:
        self._start_application()
        self._hold("complete", 100)
        self._cast.end_applications()

    def _settle(self) -> None:
        self._cast.end_writers()
        self._cast.end_applications()
        if not judge.await_empty_log(self._scene, self._clock):
            raise RefusedError(f"the change log was not empty after {judge.DRAIN_S_MAX:g} s")

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
        self._cast.end_writers()
        self._cast.end_applications()
        is_counted = self._found.tables is not None
        if is_counted or self._found.chronicle is None or self._found.rows_copied is None:
            return
        try:
            judge.await_empty_log(self._scene, self._clock)
        except TimeIsUpError:
            self._voice.say("the time is up; the mirror is not waited for")
        self._count_sides()


def _told(percents: Sequence[int]) -> str:
    return ", ".join(f"{percent} %" for percent in percents)


def _plant(target: psycopg.Connection[Any]) -> None:
    """Change a cell under the mirror's own identity, which the fence lets pass unrecorded."""
    row = target.execute("SELECT mirror_role FROM changeover.side").fetchone()
    if row is None or row[0] is None:
        raise RefusedError("the mirror has no role of its own on the target")
    target.execute(sql.SQL("SET SESSION AUTHORIZATION {}").format(sql.Identifier(str(row[0]))))
    if target.execute(PLANT).rowcount != 1:
        raise RefusedError("the difference could not be planted")
