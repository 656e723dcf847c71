"""The command line as users run it: in this process, or as a program of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from changeover.cli.application import application

PROGRAM = Path(sys.executable).with_name("changeover")


@pytest.fixture
def invoke(monkeypatch, tmp_path):
    """A function that runs a command in this process, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()

    def run(*words, **options):
        return runner.invoke(application(), [str(word) for word in words], **options)

    return run


@pytest.fixture
def program(tmp_path):
    """A function that runs the installed program in an empty directory and environment."""

    def run(*words, environment=None, **options):
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return subprocess.run(
            [PROGRAM, *map(str, words)],
            cwd=tmp_path,
            env=kept | (environment or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **options,
        )

    return run
