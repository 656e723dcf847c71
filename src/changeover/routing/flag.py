"""The rollout as a flag: its name, and our reasons in the words that flags have for theirs.

Source: OpenFeature specification 2.2.5 (reasons); OpenTelemetry semantic conventions, "Feature flag
evaluation" (the same words in lower case).
"""

from types import MappingProxyType
from typing import Final

from changeover.routing.rule import Reason

FLAG: Final = "changeover-reads"
"""On where reads are answered by the target."""

PROVIDER: Final = "changeover"
UNKNOWN: Final = "unknown"

REASONS: Final = MappingProxyType(
    {
        Reason.STAGE: "static",
        Reason.KILLED: "disabled",
        Reason.BEHIND: "stale",
        Reason.NO_KEY: "default",
        Reason.LISTED: "targeting_match",
        Reason.INSIDE: "split",
        Reason.OUTSIDE: "split",
        # Of the router: why a read stays with the source although the rule would let it go.
        "own_write": "stale",
        "breaker": "error",
        "fell_back": "error",
        "decider": "unknown",
    }
)
"""A flag's word for each of our reasons."""


def reason_of(reason: str) -> str:
    """Return a flag's word for a reason of ours.

    Args:
        reason: As the rule or the router says it.
    """
    return REASONS.get(reason, UNKNOWN)
