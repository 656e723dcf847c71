"""A whole move, typed command by command, as an operator does."""

import json
import signal
import subprocess
import time
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

LIMIT_S = 60
SOURCE_WRITE = "UPDATE public.customer SET name = 'written on the source' WHERE id = 2"
TARGET_WRITE = "UPDATE public.customer SET name = 'written on the target' WHERE id = 3"

LEFT_BEHIND = """
SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE '%changeover%'),
  (SELECT count(*) FROM pg_namespace WHERE nspname = 'changeover'),
  (SELECT count(*) FROM pg_roles WHERE rolname LIKE 'changeover%')
"""


@pytest.fixture
def ask(program):
    """A function that runs a command with --json and returns exit code and document."""

    def run(*given):
        shown = program(*given, "--json")
        return shown.returncode, json.loads(shown.stdout)

    return run


@pytest.fixture
def done(ask):
    """A function that runs a command that must end with 0 and returns its result."""

    def run(*given):
        code, said = ask(*given)
        assert code == 0, (given, said)
        return said["result"]

    return run


@pytest.fixture
def mirroring(words, place, secrets):
    """A function that runs `mirror run` until the end of the block that it is given to."""

    @contextmanager
    def run():
        with (place / "mirror.log").open("w", encoding="utf-8") as err:
            process = subprocess.Popen(
                **words("mirror", "run", "--json"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=err,
                text=True,
            )
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()
                process.communicate(timeout=LIMIT_S)
        logged = (place / "mirror.log").read_text(encoding="utf-8")
        assert [text for text in secrets if text in logged] == []

    return run


@pytest.fixture
def until(ask, place):
    """A function that asks again until a command ends with a code, within a limit."""

    def wait(exit_code, *given):
        limit = time.monotonic() + LIMIT_S
        while True:
            found, document = ask(*given)
            if found == exit_code:
                return document
            log = (place / "mirror.log").read_text(encoding="utf-8").splitlines()[-20:]
            assert time.monotonic() < limit, (document, log)

    return wait


def name_of(database, number):
    """Return a customer's name."""
    with database.connect() as connection:
        row = connection.execute(
            "SELECT name FROM public.customer WHERE id = %s", (number,)
        ).fetchone()
    return row[0]


def write(database, statement):
    """Write as the application."""
    with database.connect() as connection:
        connection.execute(statement)


def corrupt(database, place):
    """Change one row of the target and add another, in the only role that its fence lets pass."""
    login = json.loads((place / ".changeover" / "mirror-target.json").read_text(encoding="utf-8"))
    dsn = make_conninfo(database.dsn, user=login["role"], password=login["secret"])
    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE public.customer SET name = 'planted-cell-value' WHERE id = 2")
        connection.execute("INSERT INTO public.customer (id, name) VALUES (777, 'extra')")


@pytest.fixture(autouse=True)
def _prepared(program):
    """Capture is installed before each test."""
    shown = program("capture", "install", "--yes")
    assert shown.returncode == 0, shown.stderr


@pytest.mark.nightly
def test_a_move_forth_and_back_and_to_its_end(ask, done, until, mirroring, pair):
    """Copy, verify, cutover, rollback, cutover, finish, release: each by its command."""
    assert done("stage", "show")["stage"] == "off"
    assert ask("cutover", "--yes")[0] == 4
    assert done("copy", "plan")["ranges_open"] == 2
    assert done("copy", "run", "--dry-run")["tables"][0]["ranges_done"] == 0
    assert done("copy", "run", "--yes")["rows"] == 250
    assert done("copy", "status")["is_copied"]
    with mirroring() as mirror:
        write(pair.source, SOURCE_WRITE)
        until(0, "mirror", "status")
        assert done("verify")["differences"] == 0
        until(0, "gates", "--for", "cutover")
        done("status")
        done("cutover", "--dry-run")
        assert done("cutover", "--yes")["kind"] == "cutover"
        assert done("stage", "show")["primary"] == "target"
        write(pair.target, TARGET_WRITE)
        until(0, "gates")
        done("rollback", "--yes")
        assert name_of(pair.source, 3) == "written on the target"
        done("verify", "--table", 'public."Заказ"', "--table", "public.customer")
        until(0, "gates")
        done("cutover", "--yes")
        until(0, "gates")
        done("finish", "--dry-run")
        assert done("finish", "--yes")["triggers_left"] == 0
        out, _ = mirror.communicate(timeout=LIMIT_S)
        assert json.loads(out)["result"] == {"ended": "the move is finished"}
        assert mirror.returncode == 0
    done("finish", "--release-source", "--yes")
    write(pair.source, "UPDATE public.customer SET name = 'alone' WHERE id = 4")
    assert name_of(pair.target, 2) == "written on the source"


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_the_mirror_ends_its_round_at_a_signal(ask, until, mirroring, number, exit_code):
    """SIGTERM ends `mirror run` with 0, SIGINT with 130; both leave balanced books."""
    assert ask("copy", "run", "--yes")[0] == 0
    with mirroring() as mirror:
        until(0, "mirror", "status")
        mirror.send_signal(number)
        out, _ = mirror.communicate(timeout=LIMIT_S)
    assert mirror.returncode == exit_code
    assert json.loads(out)["result"] == {"ended": "stopped"}
    said = ask("status")[1]["result"]
    assert [gate["is_green"] for gate in said["gates"] if gate["name"] == "books"] == [True]


@pytest.mark.nightly
def test_differences_are_found_planned_and_repaired(ask, until, mirroring, place, pair):
    """A row that differs ends `verify` with 3; the plan's keys mend it; keys are not printed."""
    assert ask("copy", "run", "--yes")[0] == 0
    corrupt(pair.target, place)
    code, said = ask("verify")
    assert (code, said["result"]["differences"], said["ok"]) == (3, 2, False)
    code, said = ask("repair", "plan", "--deletes")
    plan = place / said["result"]["path"]
    assert code == 3
    assert len(said["result"]["actions"]) == 2
    assert plan.stat().st_mode & 0o077 == 0
    code, said = ask("repair", "apply", plan, "--dry-run")
    assert (code, len(said["result"]["plan"]["actions"])) == (0, 2)
    code, said = ask("repair", "apply", plan, "--yes")
    assert (code, said["result"]["keys"]) == (0, 2)
    with mirroring():
        until(0, "verify")


def test_a_move_is_cancelled_before_its_cutover(ask, pair):
    """`capture remove` leaves both sides as databases of their own, with their foreign keys."""
    assert ask("capture", "status")[0] == 0
    code, said = ask("capture", "remove", "--dry-run")
    assert code == 0
    assert any(action.startswith("source: DROP TRIGGER") for action in said["result"]["actions"])
    for _ in range(2):
        code, said = ask("capture", "remove", "--yes")
        assert code == 0, said
    write(pair.target, "INSERT INTO public.customer (name) VALUES ('free')")
    for database in (pair.source, pair.target):
        with database.connect() as connection:
            left = connection.execute(LEFT_BEHIND).fetchone()
        assert left == (0, 0, 0)
        with database.connect() as connection, pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute("INSERT INTO public.\"Заказ\" (customer, note) VALUES (-1, '')")
