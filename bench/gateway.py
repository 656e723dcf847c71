"""Requests per second of the gateway, against a bare ASGI application that runs the same SQL."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import rig
import scene

SECONDS = 5
CONNECTIONS = 16
ROUNDS = 3
PEER = Path(__file__).with_name("bare_application.py")
RATE = re.compile(r"Requests/sec:\s+([\d.]+)")


def measure() -> list[rig.Row]:
    """Return requests per second with one and two workers, interleaved with the bare peer."""
    if not any(Path(place, "wrk").exists() for place in os.environ["PATH"].split(":")):
        print("skipped: wrk is not installed (Debian: apt-get install wrk)", file=sys.stderr)
        return []
    rows = []
    with scene.scene() as made:
        for workers in (1, 2):
            ours, peer = [], []
            with scene.gateway(made, workers=workers) as url, _bare(made, workers) as bare:
                for _ in range(ROUNDS):
                    ours.append(_load(url, made.key))
                    peer.append(_load(bare, made.key))
            name = f"gateway, {workers} worker(s), primary-key reads (goal 0.7)"
            rows.append(rig.row(name, "requests/s", ours, peer, "bare ASGI, same SQL"))
    return rows


def _load(url: str, key: str) -> float:
    done = subprocess.run(
        [
            "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s",
            "-H", f"Authorization: Bearer {key}", f"{url}/item?select=*&id=eq.7",
        ],
        check=True,
        capture_output=True,
        text=True,
    )  # fmt: skip
    if "Non-2xx" in done.stdout:
        raise SystemExit(f"not every request was answered: {done.stdout}")
    found = RATE.search(done.stdout)
    assert found is not None, "wrk always says its rate"
    return float(found[1])


def _bare(made: scene.Scene, workers: int):  # noqa: ANN202
    place = Path(tempfile.mkdtemp(prefix="changeover-bench-"))
    environment = {
        "PATH": os.environ["PATH"],
        "BENCH_DSN": made.dsn,
        "BENCH_STATEMENTS": str(_statements(made, place)),
        "PYTHONPATH": str(PEER.parent),
    }
    words = [
        sys.executable, "-m", "uvicorn", "bare_application:application", "--port", "0",
        "--workers", str(workers), "--no-access-log",
    ]  # fmt: skip
    return scene.running(words, environment, place)


def _statements(made: scene.Scene, place: Path) -> Path:
    """Write down what the store sends for one request, for the peer to send the same."""
    path = place / "statements.json"
    path.write_text(scene.statements_of(made), encoding="utf-8")
    return path
