"""Whether time grows with the size and memory does not: one table with 1 GB and with 10 GB."""

import rig
import scale
import stock
import usage
from changeover.embedded import Database
from program import program

SMALL_ROWS, FACTOR = 6_700_000, 10
"""A row of pgbench's accounts takes 150 bytes with its key."""


def measure() -> list[rig.Row]:
    """Return seconds per GB and memory of copy and verify, large beside small."""
    figures: dict[str, list[float]] = {}
    sizes = []
    for rows in (SMALL_ROWS, SMALL_ROWS * FACTOR):
        with stock.plain_servers() as (old, new):
            source, target = stock.bare(old), stock.bare(new)
            gigabytes = _fill(source, rows) / 1000
            sizes.append(gigabytes)
            for name, taken in _move(source, target).items():
                figures.setdefault(f"{name}, time per GB", []).append(taken.seconds / gigabytes)
                figures.setdefault(f"{name}, memory of all processes", []).append(taken.memory_mb)
    title = f"{sizes[1]:.2g} GB"
    return [
        rig.row(f"growth, {name}, {title}", "s/GB" if "time" in name else "MB", [found[1]],
                [found[0]], f"{sizes[0]:.2g} GB")
        for name, found in figures.items()
    ]  # fmt: skip


def _fill(source: Database, rows: int) -> float:
    branches = max(1, round(scale.rows(rows) / stock.ACCOUNTS_PER_BRANCH))
    rig.pgbench(source, "-i", "-q", "-s", str(branches))
    with source.connect() as connection:
        connection.execute("DROP TABLE pgbench_history")
        connection.execute("VACUUM ANALYZE")
    return stock.megabytes(source)


def _move(source: Database, target: Database) -> dict[str, usage.Usage]:
    with program(source, target) as ours:
        ours.change("schema", "apply", "--until", "keys")
        ours.change("capture", "install")
        copied = ours.change("copy", "run")
        with target.connect() as connection:
            connection.execute("VACUUM ANALYZE")
        return {"copy": copied, "verify": ours.run("verify")}
