"""An operator at a terminal: what is asked, and what an interruption leaves."""

import os
import pty
import signal
import subprocess
import time

import pytest

LIMIT_S = 60
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


@pytest.fixture(autouse=True)
def _prepared(program):
    """Capture is installed before each test."""
    shown = program("capture", "install", "--yes")
    assert shown.returncode == 0, shown.stderr


@pytest.fixture
def typed(words):
    """A function that runs a command on a terminal, types a line, and returns code and screen."""

    def run(answer, *given):
        ours, theirs = pty.openpty()
        try:
            process = subprocess.Popen(
                **words(*given), stdin=theirs, stdout=subprocess.DEVNULL, stderr=theirs
            )
            os.write(ours, f"{answer}\n".encode())
            code = process.wait(timeout=LIMIT_S)
            return code, os.read(ours, 100_000).decode()
        finally:
            os.close(ours)
            os.close(theirs)

    return run


def test_a_swap_has_the_name_of_the_database_typed(typed, pair):
    """Another name than the target's ends with 2; its own goes on, here to a red gate."""
    code, screen = typed("another", "cutover")
    assert (code, "error CO104" in screen) == (2, True)
    assert "name of the target database" in screen
    code, screen = typed(pair.target.name, "cutover")
    assert (code, "error CO408" in screen) == (4, True)


def test_an_interrupted_copy_ends_cleanly_and_is_resumed(words, program, pair):
    """SIGINT ends `copy run` with 130 after the ranges under way; the next run does the rest."""
    with pair.target.connect() as blocker:
        blocker.autocommit = False
        blocker.execute("LOCK TABLE public.customer IN ACCESS EXCLUSIVE MODE")
        process = subprocess.Popen(
            **words("copy", "run", "--yes"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        wait_for_lock(pair.target)
        process.send_signal(signal.SIGINT)
        blocker.rollback()
    out, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130, err
    assert (out, b"interrupted" in err, b"Traceback" in err) == (b"", True, False)
    again = program("copy", "run", "--yes", "--json")
    assert again.returncode == 0, again.stdout
    with pair.target.connect() as connection:
        row = connection.execute(
            'SELECT (SELECT count(*) FROM public.customer), (SELECT count(*) FROM public."Заказ")'
        ).fetchone()
    assert row == (50, 200)


def wait_for_lock(database):
    """Wait until a session waits for a lock, within a limit."""
    limit = time.monotonic() + LIMIT_S
    with database.connect_as_superuser() as connection:
        while connection.execute(WAITING).fetchone() == (0,):
            assert time.monotonic() < limit, "nothing waits for a lock"
