"""What a person sees: a bar over the phases on a terminal, plain lines elsewhere, the summary."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from salon.demo.report import MUST_BE_ZERO, STAGE_COLUMNS, Report

WIDTH_OFF_TERMINAL: Final = 200


class Voice:
    """Tells how far the run is."""

    def __init__(self, phases: int) -> None:
        """Prepare.

        Args:
            phases: How many phases there will be.
        """
        self._out = Console(highlight=False, markup=False, emoji=False)
        if not self._out.is_terminal:
            self._out = Console(
                highlight=False, markup=False, emoji=False, width=WIDTH_OFF_TERMINAL
            )
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}", markup=False),
            TimeElapsedColumn(),
            console=self._out,
            transient=True,
            disable=not self._out.is_terminal,
        )
        self._task = self._progress.add_task("set the scene", total=phases)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        """Tell something by the way."""
        self._out.print(Text(f"          {text}"), soft_wrap=True)

    @contextmanager
    def phase(self, name: str, text: str) -> Iterator[None]:
        """Show a phase while it runs, and how long it took."""
        self._progress.update(self._task, description=f"{name}: {text}")
        began = time.monotonic()
        mark, style = "failed", "red"
        try:
            yield
            mark, style = "", ""
        finally:
            seconds = f"{time.monotonic() - began:6.1f} s"
            line = Text.assemble(
                (f"{seconds}  ", "dim"), (f"{name}: {text} ", style), (mark, style)
            )
            self._out.print(line, soft_wrap=True)
            self._progress.advance(self._task)

    def summarise(self, report: Report, places: list[str]) -> None:
        """Print the report."""
        self._progress.stop()
        self._out.print()
        self._out.print(_counts(report))
        self._out.print(_swaps(report))
        self._out.print(_stages(report))
        if report.refused:
            told = f"ended in phase {report.refused.phase}: {report.refused.complaint}"
            self._out.print(Text(told, style="red"), soft_wrap=True)
        verdict = (
            Text("every promise held", style="bold green")
            if report.is_green
            else Text(
                f"RED: {', '.join(report.red) or 'the journey ended early'}", style="bold red"
            )
        )
        self._out.print(verdict)
        for place in places:
            self._out.print(Text(place), soft_wrap=True)


def _counts(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    table.add_row("rows_copied", _shown(report.rows_copied), "")
    table.add_row("acknowledged_writes", _shown(report.acknowledged_writes), "")
    table.add_row("unknown_writes", _shown(report.unknown_writes), "")
    table.add_row("mirror_lag_ms_max", _shown(report.mirror_lag_ms_max), "")
    for key, meaning in MUST_BE_ZERO.items():
        value = getattr(report, key)
        style = "green" if value == 0 else "bold red"
        table.add_row(key, Text(_shown(value), style=style), Text(meaning, style="dim"))
    return table


def _swaps(report: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    for head in ("swap", "write gap p50", "p99", "max"):
        table.add_column(head, justify="left" if head == "swap" else "right")
    for swap in report.swaps:
        gaps = [swap[f"write_gap_ms_{name}"] for name in ("p50", "p99", "max")]
        table.add_row(str(swap["kind"]), *(f"{_shown(gap)} ms" for gap in gaps))
    return table


def _stages(report: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("stage")
    for head in STAGE_COLUMNS:
        table.add_column(head, justify="right")
    for stage in report.stages:
        name = stage["stage"]
        if name == "live":
            name = f"live {stage['rollout_percent']} %"
        table.add_row(name, *(_shown(stage[key]) for key in STAGE_COLUMNS.values()))
    return table


def _shown(value: float | None) -> str:
    if value is None:
        return "not measured"
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
