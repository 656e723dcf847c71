"""How large a measurement is: the sizes that the documentation states, or a part of them.

`BENCH_SCALE_PERCENT` (1 to 100, by default 100) shrinks rows and durations alike, so that anybody
can see every measurement run in some minutes. Figures of a small run say little but that it runs.
"""

import os
from typing import Final

NAME: Final = "BENCH_SCALE_PERCENT"
ROWS_MIN: Final = 1_000
SECONDS_MIN: Final = 2.0


def percent() -> float:
    """Return the part of the full sizes that is asked for."""
    text = os.environ.get(NAME) or "100"
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found <= 100:
        raise SystemExit(f"{NAME} is a number above 0 and up to 100, not '{text}'")
    return found


def rows(full: int) -> int:
    """Return how many rows a measurement of `full` rows has."""
    return max(min(full, ROWS_MIN), round(full * percent() / 100))


def seconds(full: float) -> float:
    """Return how long a measurement of `full` seconds takes."""
    return max(min(full, SECONDS_MIN), full * percent() / 100)


def count(full: int, *, least: int = 3) -> int:
    """Return how many things, such as swaps or tables, a measurement of `full` has."""
    return max(min(full, least), round(full * percent() / 100))
