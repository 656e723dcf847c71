"""The official JavaScript client in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from npm_folder import NODE, install

HERE = Path(__file__).parent


class Node:
    """A Node that runs chains of methods on the client, one after the other."""

    def __init__(self, process):
        """Talk to a process that runs `run.mjs`."""
        self._process = process

    def ask(self, **asked):
        """Run a chain and return its answer."""
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the client's process has ended"
        return json.loads(line)


@pytest.fixture(scope="session")
def node():
    """The client, installed as the lock file says."""
    assert install(HERE) == 0, "npm could not install the client"
    command = [str(NODE), str(HERE / "run.mjs")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Node(process)
        process.stdin.close()
        process.wait(timeout=30)
