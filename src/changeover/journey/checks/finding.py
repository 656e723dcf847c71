"""What a check found, and the report that holds all of it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from changeover.model.side import Side


class Severity(StrEnum):
    """How much a finding weighs, heaviest first."""

    REFUSE = "refuse"
    WARN = "warn"
    NOTE = "note"
    PASS = "pass"  # noqa: S105 - a verdict, no password


_ORDER: Final = {severity: place for place, severity in enumerate(Severity)}
_SIDES: Final = {None: 0, Side.SOURCE: 1, Side.TARGET: 2}
ACCEPTED: Final = "accepted:"
"""How an answer begins that lets a finding stand; the reason follows."""

EXIT_GREEN: Final = 0
EXIT_FINDINGS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fact about one thing.

    Attributes:
        code: What kind of fact it is; unique, and never reused.
        side: The database it was found in, or None where it belongs to both together.
        subject: The table, column, role or other object; the side's name where it is the server.
        severity: What it means for the move.
        fact: What is so, with the values.
        fix: The next act; empty where nothing is to be done.
        is_answerable: The operator may let it stand by an answer to its subject alone.
    """

    code: str
    side: Side | None
    subject: str
    severity: Severity
    fact: str
    fix: str = ""
    is_answerable: bool = False

    @property
    def question(self) -> str:
        """The key of `answers` that always means this finding."""
        return f"{self.code} {self.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """All that was found, the heaviest first.

    Attributes:
        findings: Refusals, warnings, notes and passes, in this order.
    """

    findings: tuple[Finding, ...]

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """Return the findings of one severity."""
        return tuple(finding for finding in self.findings if finding.severity is severity)

    @property
    def refusals(self) -> tuple[Finding, ...]:
        """What stands against the move."""
        return self.of(Severity.REFUSE)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What somebody should have read before the move."""
        return self.of(Severity.WARN)

    @property
    def is_green(self) -> bool:
        """Whether nothing refuses the move; a report of nothing is not green."""
        return bool(self.findings) and not self.refusals

    @property
    def exit_code(self) -> int:
        """0, or 3 when anything refuses or warns: a warning never hides behind 0."""
        return EXIT_GREEN if self.is_green and not self.warnings else EXIT_FINDINGS


def report(findings: Iterable[Finding], answers: Mapping[str, str]) -> CheckReport:
    """Return the report of what was found, with the operator's answers applied.

    Args:
        findings: What the checks found, in any order.
        answers: By a finding's subject, or by its code and subject with a blank between.
    """
    answered = [_answer(finding, answers) for finding in findings]
    return CheckReport(
        findings=tuple(
            sorted(
                answered,
                key=lambda f: (_ORDER[f.severity], _SIDES[f.side], f.code, f.subject),
            )
        )
    )


def _answer(finding: Finding, answers: Mapping[str, str]) -> Finding:
    if not finding.is_answerable and finding.severity is not Severity.WARN:
        return finding
    given = answers.get(finding.question)
    if given is None and finding.is_answerable:
        given = answers.get(finding.subject)
    fix = _with_answer(finding.fix, finding.question)
    if given is None:
        return replace(finding, fix=fix)
    reason = given.removeprefix(ACCEPTED).strip()
    if not given.startswith(ACCEPTED) or not reason:
        return replace(finding, fix=fix, fact=_unread(finding.fact))
    return replace(
        finding, severity=Severity.NOTE, fact=f"{finding.fact}; answered: {reason}", fix=""
    )


def _with_answer(fix: str, key: str) -> str:
    shown = '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
    answer = f'{shown} = "{ACCEPTED} why" in [move.answers]'
    return f"{fix}; or let it stand: {answer}" if fix else f"let it stand: {answer}"


def _unread(fact: str) -> str:
    return f'{fact}; its answer does not read "{ACCEPTED} why"'
