"""The chart of before and after: one line per method, p50 as a dot, a bar on to p99, log scale."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH = 900
LEFT = 240
RIGHT = 84
TOP = 84
LINE = 26
BOTTOM = 40
COLOURS = ("#c8630a", "#2a6fbb", "#157347")
STYLE = (
    "text { font: 12px system-ui, sans-serif; fill: #4a4945 } .title { font-size: 15px; fill: "
    "#1d1d1b; font-weight: 600 } .grid { stroke: #e4e3de } .row { stroke: #f1f0ec }"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How long the calls of one method took on one way, in milliseconds."""

    p50: float
    p95: float
    p99: float
    least: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One method.

    Attributes:
        name: The method's name.
        ways: How long it took, by way; the first way is the one before.
        speed_up: What stands at the right edge.
    """

    name: str
    ways: Mapping[str, Spread]
    speed_up: float


def chart(title: str, note: str, lines: Sequence[Line]) -> str:
    """Return an SVG file; every way has one colour, in the order of the first line's ways."""
    spreads = [spread for line in lines for spread in line.ways.values()]
    low = math.floor(math.log10(min(s.p50 for s in spreads)))
    high = math.ceil(math.log10(max(s.p99 for s in spreads)))
    across = _Across(low=low, high=high)
    height = TOP + LINE * len(lines) + BOTTOM
    parts = [_text(16, 26, title, "start", "title"), _text(16, 46, note, "start")]
    parts += _legend(list(lines[0].ways))
    parts += _axis(across, height)
    for place, line in enumerate(lines):
        parts += _line(line, TOP + LINE * place + LINE / 2, across)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' aria-label="{html.escape(title)}"><style>{STYLE}</style>'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>{"".join(parts)}</svg>\n'
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Across:
    """A logarithmic scale between two powers of ten."""

    low: int
    high: int

    def of(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)


def _legend(names: Sequence[str]) -> list[str]:
    parts, x = [], 16.0
    for name, colour in zip(names, COLOURS, strict=True):
        parts.append(f'<circle cx="{x + 5}" cy="62" r="4.5" fill="{colour}"/>')
        parts.append(_text(x + 16, 66, name, "start"))
        x += 34 + 6.4 * len(name)
    return parts


def _axis(across: _Across, height: int) -> list[str]:
    parts = []
    for power in range(across.low, across.high + 1):
        x = across.of(10.0**power)
        parts.append(
            f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{height - BOTTOM}"/>'
        )
        parts.append(_text(x, height - BOTTOM + 18, f"{10.0**power:g} ms", "middle"))
    parts.append(_text(WIDTH - 16, TOP - 8, "faster, p50", "end"))
    return parts


def _line(line: Line, y: float, across: _Across) -> list[str]:
    parts = [
        f'<line class="row" x1="16" x2="{WIDTH - 16}" y1="{y + LINE / 2}" y2="{y + LINE / 2}"/>',
        _text(16, y + 4, line.name, "start"),
        _text(WIDTH - 16, y + 4, f"{line.speed_up:.0f} ×", "end"),
    ]
    for place, ((way, spread), colour) in enumerate(zip(line.ways.items(), COLOURS, strict=True)):
        at = y + (place - (len(line.ways) - 1) / 2) * 6
        first, last = across.of(spread.p50), across.of(spread.p99)
        middle = across.of(spread.p95)
        told = (
            f"{way}: p50 {spread.p50:.2f}, p95 {spread.p95:.2f}, p99 {spread.p99:.2f}, "
            f"least {spread.least:.2f} ms"
        )
        parts.append(
            f'<g stroke="{colour}" fill="{colour}"><title>{html.escape(told)}</title>'
            f'<line x1="{first:.1f}" x2="{last:.1f}" y1="{at:.1f}" y2="{at:.1f}"'
            f' stroke-width="2" stroke-opacity="0.45"/>'
            f'<line x1="{middle:.1f}" x2="{middle:.1f}" y1="{at - 3:.1f}" y2="{at + 3:.1f}"/>'
            f'<circle cx="{first:.1f}" cy="{at:.1f}" r="3.6" stroke="none"/></g>'
        )
    return parts


def _text(x: float, y: float, text: str, anchor: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(text)}</text>'
