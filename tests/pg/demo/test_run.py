"""The demonstration as a program: a short run on real servers, and its end by a signal."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from salon.demo.conclusion import BREAKS
from salon.demo.report import MUST_BE_ZERO

SHORT = (
    *("--seconds-scale", "0.3", "--scale", "0.5", "--writers", "3", "--rate", "60"),
    *("--calls", "40", "--seconds-max", "540"),
)
WALKED = [
    ("off", 0),
    ("dual_write", 0),
    ("shadow", 0),
    *(("live", percent) for percent in (1, 10, 50, 100)),
    ("ramp_down", 100),
    *(("live", percent) for percent in (0, 1, 10, 50, 100)),
    ("ramp_down", 100),
    ("complete", 100),
]
RED = {
    "mirror": "differences",
    "verify": "verify_missed",
    "fence": "two_authorities",
    "booking": "books_unbalanced",
}


def demo(output, *arguments):
    """Start the demonstration off a terminal, in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "salon.demo", "--output", str(output), *SHORT, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run(output, *arguments):
    """Run the demonstration to its end; return its exit code, its report and what it printed."""
    process = demo(output, *arguments)
    printed, _ = process.communicate(timeout=600)
    assert (output / "report.json").exists(), printed
    return process.returncode, json.loads((output / "report.json").read_text()), printed


def processes_of(text):
    """Return the processes whose command line holds a text."""
    listed = subprocess.run(["ps", "-axww", "-o", "args="], check=True, capture_output=True)
    return [line for line in listed.stdout.decode(errors="replace").splitlines() if text in line]


@pytest.mark.nightly
@pytest.mark.timeout(620)
def test_a_short_run_keeps_every_promise(tmp_path):
    """The whole journey is made, every key is zero, and no secret and no process is left."""
    code, report, printed = run(tmp_path / "demo")
    assert {key: report[key] for key in MUST_BE_ZERO} == dict.fromkeys(MUST_BE_ZERO, 0), printed
    assert report["refused"] is None
    assert code == 0
    assert [swap["kind"] for swap in report["swaps"]] == ["cutover", "rollback", "cutover"]
    assert all(swap["write_gap_ms_max"] > 0 for swap in report["swaps"])
    assert report["rows_copied"] > 1000
    assert report["acknowledged_writes"] > 100
    assert report["final_primary"] == "target"
    stages = report["stages"]
    assert [(one["stage"], one["rollout_percent"]) for one in stages] == WALKED
    assert all(one["requests"] for one in stages)
    before = [one for one in stages if one["stage"] in {"off", "dual_write", "shadow"}]
    assert [one["answered_by_target"] for one in before] == [0, 0, 0]
    assert all(one["answered_by_source"] for one in before)
    assert stages[6]["answered_by_target"]
    assert stages[-1]["answered_by_target"]
    assert not stages[-1]["answered_by_source"]
    assert "<svg" in (tmp_path / "demo" / "report.html").read_text(encoding="utf-8")
    assert not [*(tmp_path / "demo").glob("*.dsn"), *(tmp_path / "demo").glob("state")]
    assert "password" not in printed
    assert processes_of(str(tmp_path)) == []


@pytest.mark.nightly
@pytest.mark.timeout(620)
@pytest.mark.parametrize("name", sorted(BREAKS))
def test_a_broken_promise_is_red_by_its_own_key(tmp_path, name):
    """Each switch ends with 3 and turns its own key red; the others' keys stay green."""
    code, report, printed = run(tmp_path / "demo", "--break", name)
    assert code == 3, printed
    assert RED[name] in report["red"], printed
    assert not (set(RED.values()) - {RED[name], "differences"}) & set(report["red"]), printed


@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGINT, marks=pytest.mark.nightly), signal.SIGTERM]
)
def test_a_signal_ends_everything(tmp_path, number):
    """Ctrl-C in the middle ends with 130, and nothing that was started is left."""
    output = tmp_path / "demo"
    process = demo(output)
    ledger = output / "ledger" / "writer-0.jsonl"
    until = time.monotonic() + 120
    while not (ledger.exists() and ledger.stat().st_size):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < until
        time.sleep(0.05)
    os.kill(process.pid, number)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 130, printed
    assert "interrupted" in printed
    assert "Traceback" not in printed
    assert processes_of(str(tmp_path)) == []
    assert not list(output.glob("*.dsn"))
