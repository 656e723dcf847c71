"""Which rules of PostgREST's language hold, from the suite that runs them."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

SUITE: Final = Path(__file__).parents[1] / "tests" / "conformance"
TIERS: Final = {1: "complete", 2: "complete", 3: "last"}


def rules() -> Sequence[Any]:
    """Return the rules of the suite."""
    sys.path.insert(0, str(SUITE))
    try:
        from suite.catalogue import RULES  # noqa: PLC0415 - found through the path above
    finally:
        sys.path.remove(str(SUITE))
    return RULES


def verdict(rule: Any) -> str:
    """Return whether a rule is supported, with the reasons where it isn't."""
    reasons = sorted({case.fails for case in rule.cases if case.fails is not None})
    if not reasons:
        return "yes"
    failing = sum(case.fails is not None for case in rule.cases)
    word = "no" if failing == len(rule.cases) else "in part"
    return f"{word}: {'; '.join(reasons)}"


def rows() -> list[list[str]]:
    """Return a row per rule: section, name, what, tier, number of cases, verdict."""
    return [
        [
            rule.section,
            f"`{rule.id}`",
            rule.text,
            str(rule.tier),
            str(len(rule.cases)),
            verdict(rule),
        ]
        for rule in rules()
    ]


def summary() -> str:
    """Return a sentence that counts rules and cases."""
    known = rules()
    cases = [case for rule in known for case in rule.cases]
    failing = sum(case.fails is not None for case in cases)
    return (
        f"{len(known)} rules, {len(cases)} cases; {failing} cases are known not to hold. "
        "Every case runs against the store inside the process and against the gateway, on a real "
        "server."
    )
