"""`make bench`: measures the figures that the documentation states and prints one table."""

import argparse
import sys
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent))

NAMES = ("bulk", "capture", "client", "gap", "gateway", "layer", "mirror", "search")


def main() -> int:
    """Run the measurements that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=NAMES)
    parser.add_argument("--output", type=Path, default=Path("var/bench"))
    given = parser.parse_args()
    rig = import_module("rig")
    table = Table("figure", "unit", "ours", "peer", "ratio", "runs")
    rows = []
    for name in NAMES if given.only is None else (given.only,):
        rows += import_module(name).measure()
    for one in rows:
        peer = "" if one.peer is None else f"{one.peer:g} ({one.peer_name})"
        ratio = "" if one.ratio is None else f"{one.ratio:g}"
        table.add_row(one.name, one.unit, f"{one.ours:g}", peer, ratio, str(one.runs))
    Console().print(table)
    Console(stderr=True).print(f"written: {rig.write_report(rows, given.output)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
