"""Findings, reports and answers."""

from dataclasses import replace

import pytest

from changeover.journey.check import CHECKS, codes
from changeover.journey.checks.finding import CheckReport, Finding, Severity, report
from changeover.model.side import Side

BASE = Finding(
    code="CK-TEST-ONE",
    side=Side.SOURCE,
    subject="public.item",
    severity=Severity.REFUSE,
    fact="it is so",
    fix="change it",
)


def of(severity, **changes):
    """Return a finding of a severity."""
    return replace(BASE, severity=severity, **changes)


def test_the_heaviest_come_first():
    """Refusals stand before warnings, notes and passes, and each severity by side."""
    given = [of(s, side=side) for s in reversed(Severity) for side in (Side.TARGET, Side.SOURCE)]
    found = [(f.severity, f.side) for f in report(given, {}).findings]
    assert found == [(s, side) for s in Severity for side in Side]


@pytest.mark.parametrize(
    ("severities", "is_green", "exit_code"),
    [
        ([], False, 3),
        (["pass", "note"], True, 0),
        (["pass", "warn"], True, 3),
        (["pass", "refuse"], False, 3),
    ],
)
def test_only_a_report_without_refusals_is_green(severities, is_green, exit_code):
    """A warning never hides behind exit code 0, and a report of nothing is not green."""
    found = CheckReport(findings=tuple(of(Severity(s)) for s in severities))
    assert (found.is_green, found.exit_code) == (is_green, exit_code)


@pytest.mark.parametrize(
    ("finding", "key", "answer", "severity"),
    [
        (of(Severity.REFUSE, is_answerable=True), "public.item", "accepted: known", "note"),
        (of(Severity.REFUSE, is_answerable=True), BASE.question, "accepted: known", "note"),
        (of(Severity.REFUSE, is_answerable=True), "public.item", "accepted:  ", "refuse"),
        (of(Severity.REFUSE, is_answerable=True), "public.item", "carry", "refuse"),
        (of(Severity.REFUSE, is_answerable=True), "public.items", "accepted: known", "refuse"),
        (of(Severity.REFUSE), "public.item", "accepted: known", "refuse"),
        (of(Severity.REFUSE), BASE.question, "accepted: known", "refuse"),
        (of(Severity.WARN), "public.item", "accepted: known", "warn"),
        (of(Severity.WARN), BASE.question, "accepted: known", "note"),
    ],
)
def test_an_answer_counts_only_where_it_may(finding, key, answer, severity):
    """Questions are answered by subject or code and subject, warnings by both, refusals never."""
    (found,) = report([finding], {key: answer}).findings
    assert found.severity == severity
    assert ("answered: known" in found.fact) == (severity == "note")


def test_a_question_says_how_it_is_answered():
    """The next act of a question names the line of the configuration that lets it stand."""
    finding = of(Severity.REFUSE, is_answerable=True, subject='public."odd"')
    (found,) = report([finding], {}).findings
    line = r'"CK-TEST-ONE public.\"odd\"" = "accepted: why"'
    assert found.fix == f"change it; or let it stand: {line} in [move.answers]"


def test_no_two_checks_share_a_code():
    """Every code is declared by one check and has the house's form."""
    declared = [code for check in CHECKS for code in check.proves]
    assert len(declared) == len(set(declared))
    assert set(declared) < set(codes())
    assert all(code.startswith("CK-") and code == code.upper() for code in codes())
