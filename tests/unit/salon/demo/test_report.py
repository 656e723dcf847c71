"""The report: red by the key that broke, and a page that stands alone."""

import json
import re
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from salon.demo.conclusion import BREAKS
from salon.demo.page import page
from salon.demo.report import MUST_BE_ZERO, LagPoint, Refusal, Report

ROOT = Path(__file__).resolve().parents[4]

STAGE = {
    "stage": "live",
    "rollout_percent": 10,
    "requests": 40,
    "caller_errors": 0,
    "own_write_violations": 0,
    "mismatches": 0,
    "answered_by_source": 36,
    "answered_by_target": 4,
    "p50_ms": 21.0,
    "p99_ms": 30.0,
}
GREEN = Report(
    rows_copied=100,
    seconds={"check": 1.0},
    acknowledged_writes=50,
    unknown_writes=0,
    lost_writes=0,
    extra_rows=0,
    differences=0,
    failed_writes=0,
    two_authorities=0,
    twin_disagreements=0,
    verify_missed=0,
    books_unbalanced=0,
    caller_errors=0,
    own_write_violations=0,
    mismatches=0,
    stages=(STAGE,),
    mirror_lag_ms_max=40.0,
    swaps=(
        {
            "kind": "cutover",
            "write_gap_ms_p50": 100.0,
            "write_gap_ms_p99": 150.0,
            "write_gap_ms_max": 151.0,
            "write_gaps_ms": {"0": 100.0, "1": 151.0},
        },
    ),
    seconds_in_all=60.0,
    repeated_writes=0,
    twin_looks={"source": 20, "target": 20},
    final_primary="target",
    broken_on_purpose=None,
    refused=None,
    writes_by_kind={"message received": 50},
    tables=({"table": "clients", "rows": [10, 10], "differences": 0},),
    lag=(
        LagPoint(at_s=1.0, lag_ms=30.0, direction="forward"),
        LagPoint(at_s=9.0, lag_ms=40.0, direction="reverse"),
    ),
    swapped_at_s=(5.0,),
)


def changed(**keys):
    """Return the green report with some keys changed."""
    plain = {one.name: getattr(GREEN, one.name) for one in fields(Report) if one.init}
    return replace(GREEN, **(plain | keys))


def test_all_zero_is_green():
    """A whole journey with every key zero ends with 0."""
    assert (GREEN.is_green, GREEN.exit_code, GREEN.red) == (True, 0, ())


@pytest.mark.parametrize("key", MUST_BE_ZERO)
@pytest.mark.parametrize("value", [1, None])
def test_every_key_makes_it_red(key, value):
    """A key above zero, or one that could not be measured, is red by its own name: exit 3."""
    report = changed(**{key: value})
    assert report.red == (key,)
    assert report.exit_code == 3


def test_a_journey_that_ended_early_is_not_green():
    """A refused phase ends with 3 although nothing was lost."""
    report = changed(refused=Refusal(phase="cutover", complaint="CO408: books"))
    assert (report.red, report.exit_code) == ((), 3)


def test_nothing_written_proves_nothing():
    """Without an acknowledged write the report is red."""
    assert changed(acknowledged_writes=0).red == ("acknowledged_writes",)


def test_a_stage_without_a_call_proves_nothing():
    """Where nobody called, nobody was answered well: red."""
    assert changed(stages=(STAGE, {**STAGE, "requests": 0})).red == ("stages",)


def test_the_report_is_written_as_json(tmp_path):
    """The file holds every key."""
    GREEN.write(tmp_path / "report.json")
    value = json.loads((tmp_path / "report.json").read_text())
    assert value.keys() >= {*MUST_BE_ZERO, "rows_copied", "seconds", "swaps", "mirror_lag_ms_max"}


class Tags(HTMLParser):
    """Holds that every element is closed in order, and collects what would be loaded."""

    def __init__(self):
        """Begin outside everything."""
        super().__init__()
        self.open, self.loaded = [], []

    def handle_starttag(self, tag, attrs):
        """Note an element."""
        if tag != "meta":
            self.open.append(tag)
        self.loaded += [value for name, value in attrs if name in {"src", "href"}]

    def handle_startendtag(self, tag, attrs):
        """An element without an inside leaves nothing open."""

    def handle_endtag(self, tag):
        """Close the last element."""
        assert self.open.pop() == tag


def test_the_page_stands_alone():
    """The page is well-formed, loads nothing, and shows both charts."""
    text = page(GREEN)
    tags = Tags()
    tags.feed(text)
    assert (tags.open, tags.loaded) == ([], [])
    assert text.count("<svg") == 2
    assert "url(" not in text
    assert "http" not in text


def test_the_page_shows_every_stage():
    """Who answered how often stands in the page; what is not known is a dash, not zero."""
    text = page(changed(stages=(STAGE, {**STAGE, "stage": "complete", "answered_by_source": None})))
    assert '<td class="number">36</td><td class="number">4</td>' in text
    assert '<td class="number">–</td><td class="number">4</td>' in text


def test_the_page_shows_what_broke():
    """A red key, an unmeasured one and a refusal are said, and texts are escaped."""
    refused = Refusal(phase="cutover", complaint="a < b & c")
    text = page(changed(lost_writes=7, verify_missed=None, swaps=(), lag=(), refused=refused))
    assert "lost_writes, verify_missed" in text
    assert "not measured" in text
    assert "a &lt; b &amp; c" in text


def test_every_switch_is_documented():
    """The reference of faults names every switch and the fault point behind it."""
    text = (ROOT / "docs/reference/faults.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`--break (\w+)`", text))
    assert named == set(BREAKS)
    assert all(f"`{fault}`" in text for fault in BREAKS.values())
    assert all(f"`{key}`" in text for key in MUST_BE_ZERO)
