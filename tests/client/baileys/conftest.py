"""Baileys and our authentication state in the Node of the environment, and their gateways."""

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from gateway_process import gateway_process
from npm_folder import NODE, ROOT, install

HERE = Path(__file__).parent
PACKAGE = ROOT / "clients" / "baileys"


class Baileys:
    """A process with one session."""

    def __init__(self, process):
        """Talk to a process that runs `session.mjs`."""
        self._process = process

    def ask(self, act, **asked):
        """Return what an act gives, or what it throws as `{"thrown": …}`."""
        self.say(act, **asked)
        return self.answer()

    def say(self, act, **asked):
        """Begin an act."""
        self._process.stdin.write(json.dumps({"do": act, **asked}) + "\n")
        self._process.stdin.flush()

    def answer(self):
        """Wait for its end."""
        line = self._process.stdout.readline()
        assert line, "the process has ended"
        return json.loads(line)

    def do(self, act, **asked):
        """Return what an act gives; it must not throw."""
        said = self.ask(act, **asked)
        assert "found" in said, said
        return said["found"]


@pytest.fixture(scope="session")
def installed():
    """The folder where Baileys and the official client are, as the lock file says, and ours too."""
    assert install(HERE) == 0, "npm could not install Baileys"
    link = HERE / "node_modules" / "@changeover" / "baileys"
    if not link.exists():
        link.parent.mkdir(exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(PACKAGE, target_is_directory=True)
    return HERE


@pytest.fixture
def make_baileys(installed):
    """A function that starts a process; all end with the test."""
    with ExitStack() as after:

        def make():
            # Our package is a link, and what it imports lies beside the link.
            command = [NODE, "--preserve-symlinks", installed / "session.mjs"]
            process = after.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            after.callback(process.kill)
            return Baileys(process)

        yield make


@pytest.fixture
def gateway_of(tmp_path_factory):
    """A function that runs a gateway for a connection string, by the service's new-style key."""
    with ExitStack() as running:

        def make(dsn, **settings):
            table = "\n".join(f"{name} = {json.dumps(value)}" for name, value in settings.items())
            directory = tmp_path_factory.mktemp("gateway")
            return running.enter_context(
                gateway_process(dsn, directory, table=f"has_access_log = false\n{table}")
            )

        yield make
