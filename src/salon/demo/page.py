"""The report as a page that stands alone: no network, no script, light and dark."""

import html
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from salon.demo.chart import gap_chart, lag_chart
from salon.demo.report import MUST_BE_ZERO, STAGE_COLUMNS, Report

STYLE: Final = """
:root { color-scheme: light dark; --ground: #fcfcfb; --card: #ffffff; --ink: #1d1d1b;
  --soft: #65645f; --rule: #e4e3de;
  --good: #157347; --bad: #b3261e; --one: #2a6fbb; --two: #c8630a; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #161614; --card: #1f1f1c; --ink: #f0efea; --soft: #a5a49c; --rule: #383731;
    --good: #5cc38b; --bad: #ff8a80; --one: #6ea8e8; --two: #f0a050; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 940px; padding: 32px 20px 64px; background: var(--ground);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 18px; margin: 40px 0 8px; }
p { margin: 4px 0; } .soft { color: var(--soft); }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px;
  margin: 20px 0; }
.tile { background: var(--card); border: 1px solid var(--rule); border-radius: 8px;
  padding: 10px 14px; }
.tile b { display: block; font-size: 24px; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 5px 14px 5px 0; border-bottom: 1px solid var(--rule);
  vertical-align: top; }
th { font-weight: 600; color: var(--soft); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font: 13px ui-monospace, monospace; }
svg { width: 100%; min-width: 560px; height: auto; display: block; }
svg text { font: 12px system-ui, sans-serif; fill: var(--soft); }
svg .grid { stroke: var(--rule); } svg .swap { stroke: var(--soft); stroke-dasharray: 3 4; }
svg polyline { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
svg .cutover { fill: var(--one); } svg .rollback { fill: var(--two); }
svg .forward { stroke: var(--one); } svg .reverse { stroke: var(--two); }
.key { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin: 0 5px 0 0; }
.key.one { background: var(--one); } .key.two { background: var(--two); margin-left: 16px; }
"""


def page(report: Report) -> str:
    """Return the report as HTML."""
    sections = (
        _head(report),
        _tiles(report),
        "<h2>What must be zero</h2>" + _zeros(report),
        "<h2>Write gap at every swap</h2>"
        + _legend("cutover", "rollback")
        + f'<div class="scroll">{gap_chart(report.swaps)}</div>'
        + '<p class="soft">From the last write that a writer had acknowledged on the old side to'
        " the first on the new one. Each bar is a writer.</p>",
        "<h2>Lag of the mirror</h2>"
        + _legend("source to target", "target to source")
        + f'<div class="scroll">{lag_chart(report.lag, report.swapped_at_s)}</div>'
        + '<p class="soft">Each point is a marker that was written on the primary and read on the'
        " secondary. Dashed lines are swaps.</p>",
        "<h2>Stages</h2>"
        + _stages(report)
        + '<p class="soft">Calls of the application as its callers saw them; requests as each'
        " database's own statistics count them. A call may make several requests.</p>",
        "<h2>Phases</h2>" + _phases(report),
        "<h2>Tables</h2>" + _tables(report),
    )
    body = "\n".join(sections)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Changeover: the demonstration</title><style>{STYLE}</style></head>"
        f"<body>{body}</body></html>\n"
    )


def _head(report: Report) -> str:
    red = html.escape(", ".join(report.red) or "the journey ended early")
    verdict = (
        '<p class="good">Every promise held: nothing lost, nothing extra, both sides equal.</p>'
        if report.is_green
        else f'<p class="bad">Red: {red}</p>'
    )
    lines = [
        "<h1>The salon has moved</h1>" if report.is_green else "<h1>A promise broke</h1>",
        verdict,
    ]
    if report.broken_on_purpose:
        lines.append(
            f"<p>Broken on purpose: <code>{html.escape(report.broken_on_purpose)}</code></p>"
        )
    if report.refused:
        told = f"The journey ended in phase {report.refused.phase}: {report.refused.complaint}"
        lines.append(f"<p>{html.escape(told)}</p>")
    lines.append(
        '<p class="soft">From PostgreSQL 16 as Supabase runs it to a bare PostgreSQL 18, while'
        " writers wrote; cutover, rollback, cutover, finish.</p>"
    )
    return "".join(lines)


def _tiles(report: Report) -> str:
    worst = [swap["write_gap_ms_max"] for swap in report.swaps]
    gap = max((value for value in worst if value is not None), default=None)
    tiles = (
        ("acknowledged writes", _number(report.acknowledged_writes)),
        ("rows copied", _number(report.rows_copied)),
        ("longest write gap", _number(gap, " ms")),
        ("longest lag", _number(report.mirror_lag_ms_max, " ms")),
        ("in all", _number(report.seconds_in_all, " s")),
    )
    inner = "".join(
        f'<div class="tile"><b>{value}</b><span class="soft">{name}</span></div>'
        for name, value in tiles
    )
    return f'<div class="tiles">{inner}</div>'


def _number(value: float | None, unit: str = "") -> str:
    return "–" if value is None else f"{value:,.0f}{unit}".replace(",", "\u202f")


def _zeros(report: Report) -> str:
    rows = []
    for key, meaning in MUST_BE_ZERO.items():
        value = getattr(report, key)
        told = "not measured" if value is None else str(value)
        kind = "good" if value == 0 else "bad"
        rows.append(
            (f"<code>{key}</code>", f'<span class="{kind}">{told}</span>', html.escape(meaning))
        )
    return _table(("key", "found", "counts"), rows, numbers=(1,))


def _stages(report: Report) -> str:
    rows = [
        (
            f"<code>{html.escape(str(stage['stage']))}</code>",
            f"{stage['rollout_percent']} %",
            *("–" if stage[key] is None else str(stage[key]) for key in STAGE_COLUMNS.values()),
        )
        for stage in report.stages
    ]
    heads = ("stage", "rollout", *STAGE_COLUMNS)
    return _table(heads, rows, numbers=range(1, len(heads)))


def _phases(report: Report) -> str:
    rows = [(html.escape(name), f"{value:.1f}") for name, value in report.seconds.items()]
    return _table(("phase", "seconds"), rows, numbers=(1,))


def _tables(report: Report) -> str:
    rows = [
        (
            f"<code>{html.escape(str(table['table']))}</code>",
            str(table["rows"][0]),
            str(table["rows"][1]),
            str(table["differences"]),
        )
        for table in report.tables
    ]
    return _table(("table", "source", "target", "differences"), rows, numbers=(1, 2, 3))


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Collection[int]) -> str:
    def cells(tag: str, texts: Sequence[str]) -> str:
        return "".join(
            f'<{tag} class="number">{text}</{tag}>'
            if place in numbers
            else f"<{tag}>{text}</{tag}>"
            for place, text in enumerate(texts)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    head = cells("th", heads)
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def _legend(one: str, two: str) -> str:
    return (
        f'<p class="soft"><span class="key one"></span>{one}<span class="key two"></span>{two}</p>'
    )
