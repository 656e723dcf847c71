"""The two charts of the report, as SVG: the write gap per writer and swap, the lag over time."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from salon.demo.report import LagPoint

WIDTH: Final = 860
HEIGHT: Final = 300
LEFT: Final = 64
RIGHT: Final = 16
TOP: Final = 20
BOTTOM: Final = 44
TICKS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A linear scale from values to pixels."""

    top: float
    pixels: float

    def of(self, value: float) -> float:
        """Return a value's distance from zero, in pixels."""
        return self.pixels * value / self.top


def rounded_up(value: float) -> float:
    """Return the next of 1, 2, 2.5, 5 times a power of ten, so that ticks are round."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value * 0.999)


def gap_chart(swaps: Sequence[Mapping[str, Any]]) -> str:
    """Return bars: one group per swap, one bar per writer, in milliseconds."""
    gaps = [swap["write_gaps_ms"] for swap in swaps]
    highest = max((value for group in gaps for value in group.values()), default=0.0)
    scale = Scale(top=rounded_up(highest), pixels=HEIGHT - TOP - BOTTOM)
    group_width = (WIDTH - LEFT - RIGHT) / max(len(swaps), 1)
    parts = _frame(scale, "ms without an acknowledged write")
    for place, swap in enumerate(swaps):
        parts += _bars(swap, LEFT + place * group_width, group_width, scale)
    return _svg(parts, "Write gap of every writer at every swap, in milliseconds")


def _bars(swap: Mapping[str, Any], left: float, width: float, scale: Scale) -> list[str]:
    gaps = swap["write_gaps_ms"]
    inner = width * 0.8
    step = inner / max(len(gaps), 1)
    parts = []
    for place, (writer, value) in enumerate(gaps.items()):
        height = max(scale.of(value), 1.0)
        x = left + width * 0.1 + place * step
        y = HEIGHT - BOTTOM - height
        parts.append(
            f'<rect class="{html.escape(swap["kind"])}" x="{x:.1f}" y="{y:.1f}"'
            f' width="{step * 0.78:.1f}" height="{height:.1f}" rx="2">'
            f"<title>writer {writer}: {value:.0f} ms</title></rect>"
        )
    told = swap["write_gap_ms_p50"]
    label = f"{swap['kind']}: median {told:.0f} ms" if told is not None else swap["kind"]
    parts.append(_text(left + width / 2, HEIGHT - BOTTOM + 24, label, "middle"))
    return parts


def lag_chart(points: Sequence[LagPoint], swapped_at_s: Sequence[float]) -> str:
    """Return lines: the lag of every marker over the run, a mark at every swap."""
    last = max([*(point.at_s for point in points), *swapped_at_s], default=1.0)
    highest = max((point.lag_ms for point in points), default=0.0)
    across = Scale(top=max(last, 1.0), pixels=WIDTH - LEFT - RIGHT)
    up = Scale(top=rounded_up(highest), pixels=HEIGHT - TOP - BOTTOM)
    parts = _frame(up, "ms from primary to secondary")
    step = rounded_up(across.top / TICKS / 2)
    for number in range(int(across.top / step) + 1):
        at = LEFT + across.of(number * step)
        parts.append(_text(at, HEIGHT - BOTTOM + 18, f"{number * step:g} s", "middle"))
    for at_s in swapped_at_s:
        x = LEFT + across.of(at_s)
        parts.append(
            f'<line class="swap" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        )
    for run in _runs(points):
        path = " ".join(
            f"{LEFT + across.of(p.at_s):.1f},{HEIGHT - BOTTOM - up.of(p.lag_ms):.1f}" for p in run
        )
        parts.append(f'<polyline class="{html.escape(run[0].direction)}" points="{path}"/>')
    return _svg(parts, "Lag of the mirror over the run, in milliseconds")


def _runs(points: Sequence[LagPoint]) -> list[list[LagPoint]]:
    """Return the points in stretches of one direction."""
    runs: list[list[LagPoint]] = []
    for point in sorted(points, key=lambda p: p.at_s):
        if runs and runs[-1][0].direction == point.direction:
            runs[-1].append(point)
        else:
            runs.append([point])
    return runs


def _frame(scale: Scale, unit: str) -> list[str]:
    parts = [_text(LEFT, TOP - 7, unit, "start")]
    for number in range(TICKS + 1):
        value = scale.top * number / TICKS
        y = HEIGHT - BOTTOM - scale.of(value)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(_text(LEFT - 8, y + 4, f"{value:g}", "end"))
    return parts


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(text)}</text>'


def _svg(parts: Sequence[str], title: str) -> str:
    inner = "".join(parts)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(title)}">'
        f"{inner}</svg>"
    )
