"""Every measurement runs by its name, is explained, and writes the report that is promised."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench"
COLUMNS = {"name", "unit", "ours", "peer", "peer_name", "ratio", "runs"}


def functions(path):
    """Return the functions that a module defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def names():
    """Return the measurements that `make bench` runs."""
    tree = ast.parse((BENCH / "run.py").read_text(encoding="utf-8"))
    (found,) = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "NAMES"
    ]
    return found


def test_every_measurement_is_run():
    """A module that measures is one that `make bench` runs."""
    measuring = {path.stem for path in BENCH.glob("*.py") if "measure" in functions(path)}
    assert set(names()) == measuring


def test_every_measurement_is_explained():
    """Each is named, as it is run, in a page that says what limits its figure."""
    pages = [*(ROOT / "docs" / "explanation").glob("*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    assert [
        name for name in names() if f"`{name}`" not in text and f"only={name}" not in text
    ] == []


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_a_small_run_writes_the_report(tmp_path):
    """A stranger's small run ends well, with one row per figure in the shape that is documented."""
    words = ["--only", "verify", "--scale-percent", "1", "--output", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, str(BENCH / "run.py"), *words],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert rows
    assert [row for row in rows if set(row) != COLUMNS] == []
    assert "bare hash scan" in done.stdout


def test_a_scale_that_is_none_is_refused(tmp_path):
    """A share of the sizes is above 0 and up to 100."""
    words = ["--only", "verify", "--scale-percent", "0", "--output", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, str(BENCH / "run.py"), *words],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "above 0 and up to 100" in done.stderr
