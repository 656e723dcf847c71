import json
import os
import pty
import signal
import socket
import subprocess
import sys

import psycopg
import pytest
import typer

from changeover.cli.application import application, run
from changeover.cli.command import end
from changeover.cli.outcome import EXIT_TEXTS, ExitCode, Outcome
from changeover.cli.session import Options, Session
from changeover.model.errors import ChangeoverError, GateRefusedError

PASSWORD = "hunter" + "2"
URL = f"postgresql://app:{PASSWORD}@127.0.0.1:1/app"


def commands(command=None, words=()):
    """Yield the words of every command of the program with its definition."""
    command = command or typer.main.get_command(application())
    for name, inner in command.commands.items():
        if hasattr(inner, "commands"):
            yield from commands(inner, (*words, name))
        else:
            yield " ".join((*words, name)), inner


COMMANDS = dict(commands())
WITH_DATABASES = sorted(COMMANDS.keys() - {"init", "config show"})


ARGUMENTS = {
    "repair apply": ["plan.json"],
    "stage set": ["dual_write"],
    "rollout set": ["5%"],
    "rollout add": ["somebody"],
    "rollout remove": ["somebody"],
    "shadow sample": ["25%"],
}
NEVER_ASKS = {"kill"}
"""In an emergency a question is in the way; it takes --yes so that no habit ends with 2."""
PLAN = {"version": 1, "run_id": 1, "primary": "source", "epoch": 1, "left_out": 0, "entries": []}


def words(name):
    """Return how a command is called."""
    return [*name.split(), *ARGUMENTS.get(name, [])]


def flags(name):
    """Return the flags of a command."""
    return {flag for parameter in COMMANDS[name].params for flag in parameter.opts}


@pytest.fixture
def closed_port():
    """A port of this machine at which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_the_flags_of_all(invoke, name):
    """Every command has help that ends with the exit codes, and the flags that all have."""
    shown = invoke(*name.split(), "--help", terminal_width=200)
    assert shown.exit_code == 0
    text = " ".join(shown.stdout.split())
    assert all(f"{int(code)} {EXIT_TEXTS[code]}" in text for code in ExitCode)
    assert {"--json", "--quiet", "--no-color", "--config", "--source", "--target"} <= flags(name)


@pytest.mark.parametrize("flag", ["--source", "--target"])
@pytest.mark.parametrize("name", WITH_DATABASES)
def test_a_password_in_a_flag_is_refused_by_every_command(invoke, name, flag):
    """A URL with a password ends with 2, and nothing of it is printed."""
    shown = invoke(*words(name), "--json", flag, URL)
    assert shown.exit_code == ExitCode.USAGE
    assert json.loads(shown.stdout)["error"]["code"] == "CO102"
    assert PASSWORD not in shown.output


@pytest.mark.parametrize("name", WITH_DATABASES)
def test_a_missing_database_is_said_by_every_command(program, name):
    """Without a database named, every command ends with 2 and says how to name one."""
    confirmed = ["--yes"] if "--yes" in flags(name) else []
    shown = program(*words(name), *confirmed)
    assert shown.returncode == ExitCode.USAGE
    assert shown.stderr.startswith("error CO103: ")
    side = "TARGET" if name == "gateway" else "SOURCE"
    assert f"CHANGEOVER_{side}_DSN" in shown.stderr


@pytest.mark.parametrize("name", WITH_DATABASES)
def test_a_closed_port_ends_every_command_with_5(program, name, closed_port, tmp_path):
    """A server that can't be reached ends with 5, and the password is not printed."""
    secret = tmp_path / "dsn"
    secret.write_text(f"postgresql://app:{PASSWORD}@127.0.0.1:{closed_port}/app", encoding="utf-8")
    secret.chmod(0o600)
    target = secret.with_name("target")
    target.write_text(secret.read_text(encoding="utf-8") + "2", encoding="utf-8")
    target.chmod(0o600)
    confirmed = ["--yes"] if "--yes" in flags(name) else []
    tmp_path.joinpath("plan.json").write_text(json.dumps(PLAN), encoding="utf-8")
    keys = {"SUPABASE_JWT_SECRET": "a-secret-of-at-least-32-characters"}  # the gateway's
    given = ("--json", "--source", "@dsn", "--target", "@target", *confirmed)
    shown = program(*words(name), *given, environment=keys)
    assert shown.returncode == ExitCode.UNREACHABLE, shown.stdout + shown.stderr
    assert json.loads(shown.stdout)["error"]["code"] == "CO201"
    assert PASSWORD not in shown.stdout + shown.stderr


@pytest.mark.parametrize(
    "name", [name for name in COMMANDS if "--yes" in flags(name) and name not in NEVER_ASKS]
)
def test_what_changes_a_database_asks_or_ends_with_2(program, name, closed_port, tmp_path):
    """Off a terminal, a command that asks names --yes and can be looked at with --dry-run."""
    tmp_path.joinpath("plan.json").write_text(json.dumps(PLAN), encoding="utf-8")
    dsn = f"host=127.0.0.1 port={closed_port} dbname="
    shown = program(*words(name), "--source", f"{dsn}a", "--target", f"{dsn}b")
    assert shown.returncode == ExitCode.USAGE
    assert "--yes" in shown.stderr
    assert "--dry-run" in flags(name)


def test_flags_may_stand_before_the_verb(program):
    """A flag in front of the verb holds for it."""
    shown = program("--json", "config", "show")
    assert json.loads(shown.stdout)["command"] == "config show"


def test_the_program_is_a_module_too(program, tmp_path):
    """`python -m changeover` is the same program."""
    words = [sys.executable, "-m", "changeover", "--version"]
    shown = subprocess.run(words, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert shown.stdout == program("--version").stdout


def test_init_writes_a_file_once(program, tmp_path):
    """`init` writes a file for its owner alone, and refuses to write over one."""
    path = tmp_path / "changeover.toml"
    first = program("init", "--json")
    written = path.read_text(encoding="utf-8")
    second = program("init")
    assert (first.returncode, second.returncode) == (ExitCode.FINE, ExitCode.USAGE)
    assert json.loads(first.stdout)["result"] == {"path": "changeover.toml"}
    assert path.read_text(encoding="utf-8") == written
    assert path.stat().st_mode & 0o077 == 0


def test_config_show_masks_and_finds(program):
    """`config show` names the origin, masks the value, and ends with 3 at a published secret."""
    environment = {"DATABASE_URL": URL, "VITE_SUPABASE_SECRET_KEY": PASSWORD}
    shown = program("config", "show", environment=environment)
    assert shown.returncode == ExitCode.FINDINGS
    assert "environment DATABASE_URL" in shown.stdout
    assert "finding: VITE_SUPABASE_SECRET_KEY" in shown.stdout
    assert PASSWORD not in shown.stdout + shown.stderr


@pytest.mark.parametrize("name", [*WITH_DATABASES, "config show"])
def test_a_misspelt_key_of_the_file_is_said_by_every_command(invoke, name, tmp_path):
    """A misspelt setting ends with 2, names the nearest, and quotes no value."""
    (tmp_path / "changeover.toml").write_text(f'[source]\nd_s_n = "{PASSWORD}"\n', encoding="utf-8")
    (tmp_path / "plan.json").write_text(json.dumps(PLAN), encoding="utf-8")
    shown = invoke(*words(name), *(["--yes"] if "--yes" in flags(name) else []))
    assert shown.exit_code == ExitCode.USAGE
    assert "error CO101: changeover.toml: 'd_s_n' in [source] is not a setting" in shown.stderr
    assert "next: did you mean 'dsn'?" in shown.stderr
    assert PASSWORD not in shown.output


@pytest.mark.parametrize("text", ["[copy]\nworkers = 'many'\n", "[copy\n", "[kopy]\nworkers = 1\n"])
def test_a_file_that_says_nothing_sensible_is_refused(program, tmp_path, text):
    """A value of the wrong type, no TOML and an unknown table end with 2 and a next act."""
    (tmp_path / "changeover.toml").write_text(text, encoding="utf-8")
    shown = program("config", "show")
    assert shown.returncode == ExitCode.USAGE
    assert shown.stderr.startswith("error CO10")
    assert "\nnext: " in shown.stderr


@pytest.mark.parametrize("words", [["--bogus"], ["nothing"], ["config", "show", URL], [URL]])
def test_a_usage_error_quotes_no_secret(program, words):
    """What can't be understood ends with 2, in one line, without what could be a password."""
    shown = program(*words)
    assert shown.returncode == ExitCode.USAGE
    assert shown.stderr.startswith("error CO100: ")
    assert PASSWORD not in shown.stdout + shown.stderr


def test_the_same_database_twice_is_refused(program):
    """Source and target at the same place are refused before anybody connects."""
    shown = program("capture", "install", "--yes", "--source", "host=x", "--target", "host=x")
    assert shown.returncode == ExitCode.USAGE
    assert "same database" in shown.stderr


def test_armed_faults_are_said_aloud(program, closed_port):
    """An armed fault point is warned of on stderr, quiet or not."""
    dsn = f"host=127.0.0.1 port={closed_port} dbname="
    words = ["capture", "install", "--yes", "-q", "--source", f"{dsn}a", "--target", f"{dsn}b"]
    shown = program(*words, environment={"CHANGEOVER_FAULTS": "verify.sees_nothing"})
    assert "FAULTS ARMED" in shown.stderr
    assert "verify.sees_nothing" in shown.stderr


def raising(error):
    """Return a command that raises an error."""

    def call():
        raise error

    return call


@pytest.mark.parametrize(
    ("error", "exit_code", "said"),
    [
        (GateRefusedError("books are open", hint="wait"), 4, "error CO408: books are open"),
        (ChangeoverError("plain"), 1, "error CO000: plain"),
        (KeyError(PASSWORD), 1, "error CO000: unexpected KeyError"),
        (psycopg.errors.UniqueViolation(PASSWORD), 1, "SQLSTATE 23505"),
        (psycopg.OperationalError(PASSWORD), 5, "a connection broke"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (FileNotFoundError(2, "No such file", "/x"), 1, "/x"),
    ],
)
@pytest.mark.parametrize("is_debug", [False, True])
def test_every_error_has_its_exit_code_and_no_values(capsys, error, exit_code, said, is_debug):
    """Our errors print their fact, foreign ones their type: a driver's text holds cells."""
    code = end(Session("test", Options(is_debug=is_debug)), raising(error))
    shown = capsys.readouterr()
    assert code == exit_code
    assert said in shown.err
    assert PASSWORD not in shown.out + shown.err
    assert shown.out == ""


def test_an_error_in_json_stands_on_stdout(capsys):
    """With --json an error is one document with code, message and hint."""
    error = GateRefusedError("books are open", hint="wait")
    end(Session("test", Options(is_json=True)), raising(error))
    assert json.loads(capsys.readouterr().out) == {
        "version": 1,
        "command": "test",
        "ok": False,
        "error": {"code": "CO408", "message": "books are open", "hint": "wait"},
    }


def test_an_outcome_in_json_is_the_documented_document(capsys):
    """With --json an outcome is one document; findings are not ok."""
    outcome = Outcome(result={"rows": 1}, exit_code=ExitCode.FINDINGS, next_steps=["repair plan"])
    assert end(Session("verify", Options(is_json=True)), lambda: outcome) == ExitCode.FINDINGS
    assert json.loads(capsys.readouterr().out) == {
        "version": 1,
        "command": "verify",
        "ok": False,
        "result": {"rows": 1},
        "next_steps": ["repair plan"],
    }


def test_control_characters_of_names_are_not_printed(capsys):
    """A table's name can't send sequences to the operator's terminal."""
    end(Session("test", Options()), lambda: Outcome(result={"table": "a\x1b[2Jb"}))
    assert "\x1b" not in capsys.readouterr().out


def test_the_entry_point_leaves_the_signal_handlers_as_they_were(capsys):
    """Running the program in a process of somebody else's changes none of its handlers."""
    before = signal.getsignal(signal.SIGTERM)
    assert run(["--version"]) == 0
    assert signal.getsignal(signal.SIGTERM) is before


ASK = """
from changeover.cli.command import end
from changeover.cli.outcome import Outcome
from changeover.cli.session import Options, Session

session = Session("test", Options())

def call():
    session.confirm(lambda: ["two statements"])
    return Outcome(result="done")

raise SystemExit(end(session, call))
"""


@pytest.mark.parametrize(("answer", "exit_code"), [("y", 0), ("n", 2), ("", 2)])
def test_a_terminal_is_asked(answer, exit_code):
    """On a terminal the question stands on it, and only a yes goes on."""
    ours, theirs = pty.openpty()
    try:
        asked = subprocess.Popen(
            [sys.executable, "-c", ASK], stdin=theirs, stderr=theirs, stdout=subprocess.PIPE
        )
        os.write(ours, f"{answer}\n".encode())
        out, _ = asked.communicate(timeout=60)
        said = os.read(ours, 10_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert asked.returncode == exit_code
    assert "two statements" in said
    assert (out == b"done\n") is (exit_code == 0)
