"""`make bench`: measures the figures that the documentation states and prints one table.

Each measurement is a module with `measure()`; one that fails is a row of the table and exit code 1.
"""

import argparse
import os
import sys
import time
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent))

import rig
import scale

TABLE_WIDTH = 170
NAMES = (
    "bulk",
    "capture",
    "client",
    "clone",
    "cost",
    "gap",
    "gateway",
    "growth",
    "layer",
    "load",
    "mirror",
    "routing",
    "search",
    "verify",
)


def main() -> int:
    """Run the measurements that were asked for; 1 if one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=NAMES)
    parser.add_argument("--scale-percent", default=os.environ.get(scale.NAME, "100"))
    parser.add_argument("--output", type=Path, default=Path("var/bench"))
    given = parser.parse_args()
    os.environ[scale.NAME] = given.scale_percent
    say = Console(stderr=True)
    say.print(f"at {scale.percent():g} % of the full sizes")
    rows: list[rig.Row] = []
    has_failed = False
    for name in NAMES if given.only is None else (given.only,):
        began = time.monotonic()
        try:
            found = import_module(name).measure()
        except Exception as error:  # noqa: BLE001 - the others are measured all the same
            has_failed = True
            found = [rig.skipped(name, f"failed: {type(error).__name__}: {error}")]
        say.print(f"{name}: {time.monotonic() - began:.0f} s")
        rows += found
        # After each: who ends a long run early keeps what it has found.
        path = rig.write_report(rows, given.output)
    # A table that is written into a file is not folded to the width of a terminal.
    Console(width=None if sys.stdout.isatty() else TABLE_WIDTH).print(_table(rows))
    say.print(f"written: {path}")
    return int(has_failed)


def _table(rows: list[rig.Row]) -> Table:
    table = Table("figure", "unit", "ours", "peer", "ratio", "runs")
    for one in rows:
        ours = "–" if one.ours is None else f"{one.ours:g}"
        peer = one.peer_name if one.peer is None else f"{one.peer:g} ({one.peer_name})"
        ratio = "" if one.ratio is None else f"{one.ratio:g}"
        table.add_row(one.name, one.unit, ours, peer, ratio, str(one.runs))
    return table


if __name__ == "__main__":
    sys.exit(main())
