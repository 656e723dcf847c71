"""Swaps under load, forth and back: no write lost, failed or doubled, and how long writers wait."""

import json
from pathlib import Path

import pytest

from changeover.control.swap import Kind
from salon.demo.gap import SwapWindow, percentile, swap_gaps

AIM_P99_MS = 250.0
REPORT = Path(__file__).parents[2] / "var" / "chaos" / "swaps.json"


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "many", [pytest.param(6, id="6"), pytest.param(100, id="100", marks=pytest.mark.nightly)]
)
def test_swaps_under_load(make_world, judge, many):
    """Every write of every writer is acknowledged once, on both sides, through all swaps."""
    world = make_world(rate_per_s=40.0)
    world.bring(Kind.CUTOVER)
    before = world.decided
    operator = world.start_operator(*[kind for _ in range(many // 2) for kind in Kind])
    assert operator.wait(3000) == 0, operator.tail()
    assert world.decided == before + many
    verdict = judge(world)
    assert verdict.failed == 0
    assert verdict.unknown == 0
    figures = measure(world, operator)
    assert figures["swaps"] == many
    assert figures["gaps"] == many * len(world.writers)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    print(f"write gaps over {many} swaps: {figures}")  # noqa: T201 - a figure to read


def measure(world, operator):
    """Return the write gaps of an operator's swaps, per writer and swap."""
    lines = [json.loads(line) for line in operator.log.read_text(encoding="utf-8").splitlines()]
    done = [line for line in lines if line.get("outcome") == "done"]
    # A side takes writes until the next swap has fenced it, not until that one's gates are asked.
    starts = [line["monotonic_s"] for line in lines if line.get("phase") == "fenced"]
    records = world.records()
    gaps = []
    for line, until_s in zip(done, [*starts[1:], float("inf")], strict=True):
        window = SwapWindow(kind=line["kind"], began_s=line["began_s"], until_s=until_s)
        gaps += swap_gaps(records, window).by_writer_ms.values()
    ordered = sorted(gaps)
    figures = {
        name: round(percentile(ordered, percent), 1)
        for name, percent in (("p50_ms", 50), ("p99_ms", 99), ("max_ms", 100))
    }
    return {"swaps": len(done), "gaps": len(gaps), **figures, "aim_p99_ms": AIM_P99_MS}
