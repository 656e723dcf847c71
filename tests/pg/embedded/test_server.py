"""A throw-away server: whom it runs as, what survives which end, and that nothing is left."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from changeover.embedded import Server, binaries
from changeover.embedded.account import server_account
from changeover.embedded.process import wait_until
from changeover.model.errors import (
    ReservedSettingError,
    ServerNotRunningError,
    ServerNotStartedError,
    UnsafeDirectoryError,
)

LIMIT_S = 20

PARENT = """
import sys, time
from changeover.embedded import Server
server = Server.start(settings={"fsync": False, "shared_buffers": "16MB"})
print(server.process_id, server.data_directory.parent, flush=True)
if sys.argv[1] == "wait":
    time.sleep(300)
"""


def is_alive(process):
    """Return whether a process exists and is no zombie."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
def start_parent():
    """A function that starts a process that owns a server: (parent, postmaster, directory)."""
    parents = []

    def start(act, script=PARENT):
        parent = subprocess.Popen(
            [sys.executable, "-c", script, act], stdout=subprocess.PIPE, text=True
        )
        parents.append(parent)
        process, directory = parent.stdout.readline().split()
        return parent, int(process), Path(directory)

    yield start
    for parent in parents:
        parent.kill()
        parent.wait(LIMIT_S)
        parent.stdout.close()


def holds_lock(process):
    """Return whether a process has the lock of some server's directory open."""
    links = [str(link.readlink()) for link in Path(f"/proc/{process}/fd").iterdir()]
    return any(link.endswith("/owner.lock") for link in links)


def in_child(function, *, as_plain_user=False):
    """Run a function in a forked child, as nobody if we are root; return what it returned."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if as_plain_user and os.geteuid() == 0:
                nobody = pwd.getpwnam("nobody")
                os.setgroups([])
                os.setgid(nobody.pw_gid)
                os.setuid(nobody.pw_uid)
            os.write(writing, str(function()).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as handle:
        answer = handle.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return answer


def ask(server, query):
    """Return the first row that the superuser gets."""
    with server.connect() as connection:
        return connection.execute(query).fetchone()


@pytest.fixture
def small():
    """Settings of a server that is there for a moment."""
    return {"shared_buffers": "16MB"}


@pytest.mark.parametrize("major", [16, 18])
def test_server_runs_and_never_as_root(small, major):
    """Whoever we are, the server's account is not root, and the version is the one asked for."""
    with Server.start(binaries(major), settings=small) as server:
        version = ask(server, "SHOW server_version_num")
        assert Path(f"/proc/{server.process_id}").stat().st_uid == server_account().uid != 0
        assert server.data_directory.stat().st_uid == server_account().uid
        assert int(version[0]) // 10_000 == server.major == major


def test_plain_user_can_start_a_server(small):
    """A process that is not root's starts a server as itself, and leaves nothing."""

    def start():
        with Server.start(settings=small) as server:
            assert server.data_directory.stat().st_uid == os.geteuid() != 0
            ask(server, "SELECT 1")
        return server.data_directory.parent.exists()

    assert in_child(start, as_plain_user=True) == "False"


def test_servers_side_by_side_are_strangers(small):
    """Two servers of one version differ in port, settings, password and system identifier."""
    query = "SELECT current_setting('work_mem'), system_identifier FROM pg_control_system()"
    with (
        Server.start(settings={**small, "work_mem": "1MB"}) as one,
        Server.start(settings={**small, "work_mem": "2MB"}) as other,
    ):
        first, second = ask(one, query), ask(other, query)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(one.conninfo(password=other._passwords[other.superuser]))
        assert one.port != other.port
    assert (first[0], second[0]) == ("1MB", "2MB")
    assert first[1] != second[1]


def test_fsync_is_on_unless_it_is_turned_off(small):
    """A server keeps its promises to the disk by default."""
    with Server.start(settings=small) as server:
        assert ask(server, "SHOW fsync") == ("on",)
        server.restart(settings={"fsync": False})
        assert ask(server, "SHOW fsync") == ("off",)


@pytest.mark.parametrize("by", ["tcp", "socket"])
def test_passwords_are_asked_for(small, by):
    """Neither TCP nor the Unix socket lets anybody in without the password."""
    with Server.start(settings=small) as server:
        host = "127.0.0.1" if by == "tcp" else str(server.socket_directory)
        with psycopg.connect(server.conninfo(host=host)) as connection:
            assert connection.pgconn.used_password
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(f"host={host} port={server.port} user={server.superuser}")


def test_password_stands_in_no_file_and_no_repr(small):
    """The generated passwords are in our memory only; the server's files hold verifiers."""
    with Server.start(settings={**small, "log_statement": "all"}) as server:
        with server.connect() as connection:
            connection.execute("CREATE ROLE someone LOGIN")
        passwords = [server.give_password("someone"), server._passwords[server.superuser]]
        psycopg.connect(server.conninfo(user="someone")).close()
        server.stop()
        files = [path for path in server.data_directory.parent.rglob("*") if path.is_file()]
        for password in (secret.reveal() for secret in passwords):
            assert not [path for path in files if password.encode() in path.read_bytes()]
            assert password not in repr(server)
        assert server.log_file in files


def test_listens_on_the_loopback_only(small):
    """The only TCP address is 127.0.0.1."""
    with Server.start(settings=small) as server:
        assert ask(server, "SHOW listen_addresses") == ("127.0.0.1",)


def test_kill_and_restart_keeps_what_was_committed(small):
    """After a crash the committed row is there, the open one isn't, on the same port."""
    with Server.start(settings=small) as server:
        port = server.port
        with server.connect() as connection:
            connection.execute("CREATE TABLE written (id integer)")
            connection.execute("INSERT INTO written VALUES (1)")
        open_connection = psycopg.connect(server.conninfo())
        open_connection.execute("INSERT INTO written VALUES (2)")
        server.kill()
        with pytest.raises(ServerNotRunningError):
            _ = server.process_id
        open_connection.close()
        server.restart()
        assert ask(server, "SELECT array_agg(id) FROM written") == ([1],)
        assert server.port == port
        assert "was not properly shut down" in server.log_file.read_text()


def test_restart_after_somebody_else_killed_it(small):
    """A postmaster that was shot behind our back is noticed and started again."""
    with Server.start(settings=small) as server:
        os.kill(server.process_id, signal.SIGKILL)
        assert wait_until(lambda: not server.is_running, seconds_max=LIMIT_S)
        server.restart()
        assert ask(server, "SELECT 1") == (1,)


def test_kill_leaves_no_shared_memory(small):
    """The segment of a killed server is freed with its directory."""
    segments = Path("/proc/sysvipc/shm")
    with Server.start(settings=small) as server:
        lines = (server.data_directory / "postmaster.pid").read_text().splitlines()
        segment = lines[6].split()[1]
        server.kill()
        before = [line.split()[1] for line in segments.read_text().splitlines()]
    after = [line.split()[1] for line in segments.read_text().splitlines()]
    assert segment in before
    assert segment not in after


def test_what_a_killed_parent_left_is_gone_after_the_next_start(start_parent, small):
    """A server whose owner was killed is ended and removed by whoever starts one next."""
    parent, process, directory = start_parent("wait")
    parent.kill()
    parent.wait(LIMIT_S)
    assert is_alive(process)
    with Server.start(settings=small):
        assert not is_alive(process)
        assert not directory.exists()


def test_sweeping_leaves_living_servers_alone(start_parent, small):
    """A start ends no server whose owner lives, be it another process or ourselves."""
    _, process, directory = start_parent("wait")
    with Server.start(settings=small) as mine, Server.start(settings=small):
        assert is_alive(process)
        assert directory.exists()
        assert ask(mine, "SELECT 1") == (1,)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_to_the_parent_ends_its_server(start_parent, number):
    """A parent that is told to end takes its server along, and dies of that signal."""
    parent, process, directory = start_parent("wait")
    parent.send_signal(number)
    parent.wait(LIMIT_S)
    assert parent.returncode == -number
    assert not is_alive(process)
    assert not directory.exists()


def test_parent_that_forgets_to_close_ends_its_server(start_parent):
    """A server that nobody closed is removed when the interpreter ends."""
    parent, process, directory = start_parent("end")
    parent.wait(LIMIT_S)
    assert parent.returncode == 0
    assert not is_alive(process)
    assert not directory.exists()


def test_forked_child_cannot_close_its_parents_server(small):
    """What a child inherits it doesn't own."""
    with Server.start(settings=small) as server:
        in_child(server.close)
        assert server.is_running
        assert ask(server, "SELECT 1") == (1,)


def test_forked_child_does_not_keep_a_dead_parents_server(start_parent, small):
    """A child that outlives its parent holds no lock on the parent's server."""
    script = PARENT.replace("time.sleep(300)", "import os; os.fork(); time.sleep(300)")
    parent, process, _ = start_parent("wait", script)
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    assert wait_until(lambda: len(children.read_text().split()) > 1, seconds_max=LIMIT_S)
    child = next(one for one in map(int, children.read_text().split()) if one != process)
    try:
        assert wait_until(lambda: not holds_lock(child), seconds_max=LIMIT_S)
        parent.kill()
        parent.wait(LIMIT_S)
        with Server.start(settings=small):
            assert is_alive(child)
            assert not is_alive(process)
    finally:
        os.kill(child, signal.SIGKILL)


def test_taken_port_is_passed_over(small):
    """A port that somebody took in the last moment costs one more attempt."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Server.start(settings=small, ports=[port, 31_999]) as server:
            assert server.port == 31_999
        with pytest.raises(ServerNotStartedError, match="1 port"):
            Server.start(settings=small, ports=[port])


def test_setting_that_the_server_refuses_is_named():
    """A start that fails says what the server said, and leaves no directory where it was put."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        place.chmod(0o755)
        with pytest.raises(ServerNotStartedError, match="no_such_setting"):
            Server.start(settings={"no_such_setting": 1}, place=place)
        home = place / f"changeover-{os.geteuid()}"
        assert [path.name for path in home.iterdir()] == ["lock"]


def test_somebody_elses_directory_costs_one_place_only(small, monkeypatch):
    """A home that is not ours alone is neither used nor swept; the error says what to do."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        monkeypatch.setattr(tempfile, "tempdir", place)
        home = Path(place) / f"changeover-{os.geteuid()}"
        stale = home / "0123abcd"
        stale.mkdir(parents=True)
        home.chmod(0o777)
        with pytest.raises(UnsafeDirectoryError) as raised:
            Server.start(settings=small)
        assert "TMPDIR" in raised.value.hint
        assert stale.is_dir()


def test_reserved_setting_is_refused():
    """The wrapper decides the port itself."""
    with pytest.raises(ReservedSettingError, match="Port"):
        Server.start(settings={"Port": 5432})


def test_setting_with_quotes_arrives_as_given(small):
    """Quotes, backslashes and line ends in a value survive the configuration file."""
    value = "it's a \\ back\\nslash\nand more"
    with Server.start(settings={**small, "changeover.test": value}) as server:
        assert ask(server, "SHOW changeover.test") == (value,)


def test_binaries_behind_a_closed_directory_still_give_a_server(small, tmp_path):
    """Programs that only we can reach are copied for a server that runs as somebody else."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    package = binaries(16).parent.parent
    shutil.copytree(package / "pginstall", closed / package.name / "pginstall")
    shutil.copytree(f"{package}.libs", closed / f"{package.name}.libs")
    hidden = closed / package.name / "pginstall" / "bin"
    with Server.start(hidden, settings=small) as server:
        assert ask(server, "SELECT 1") == (1,)
        is_copied = not server.bin_directory.is_relative_to(closed)
        assert is_copied == server_account().is_other
        subprocess.run([server.bin_directory / "psql", "--version"], check=True)
    if is_copied:
        shutil.rmtree(server.bin_directory.parent.parent.parent)
