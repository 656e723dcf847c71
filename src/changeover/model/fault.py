"""Fault points: named places where a test may break a promise on purpose.

All are off unless the environment variable ``CHANGEOVER_FAULTS`` names them, separated by commas.
`docs/reference/faults.md` lists what each breaks and which key of the report it turns red.
The set is a value handed down from the edge of the program; nothing here reads the environment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

ENVIRONMENT_NAME: Final = "CHANGEOVER_FAULTS"


class Fault(StrEnum):
    """A promise that can be broken by name."""

    MIRROR_SKIPS_ROWS = "mirror.skips_rows"
    VERIFY_SEES_NOTHING = "verify.sees_nothing"
    FENCE_STAYS_OPEN = "fence.stays_open"
    BOOKING_IS_LOST = "booking.is_lost"


def parse_faults(text: str) -> frozenset[Fault]:
    """Return the faults that a comma-separated text names.

    Raises:
        ValueError: If a name is not a fault point.
    """
    return frozenset(Fault(part.strip()) for part in text.split(",") if part.strip())


def _pass(_point: str) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What a test does at named points: which promises are broken, and a call at each step.

    Attributes:
        faults: The promises that are broken.
        reached: Called with the name of a step before and after each durable write.
    """

    faults: frozenset[Fault] = frozenset()
    reached: Callable[[str], None] = field(default=_pass)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Hooks":
        """Return the hooks that an environment names: none unless a test set them."""
        return cls(faults=parse_faults(environment.get(ENVIRONMENT_NAME, "")))
