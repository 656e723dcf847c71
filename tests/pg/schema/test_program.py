"""The client programs: which are taken, and that nobody sees a password."""

import shutil
import threading
import time
from pathlib import Path

import psycopg
import pytest

from changeover.embedded import binaries
from changeover.model.errors import ToolFailedError
from changeover.transfer import schema
from changeover.transfer.schema_program import find_programs

SECONDS_MAX = 20


def wait_until(condition):
    """Wait for a condition, within a limit."""
    end = time.monotonic() + SECONDS_MAX
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def command_lines():
    """Return the command lines of all processes."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return lines


def passwords(pair):
    """Return the passwords of both owners."""
    dsns = (pair.source.dsn, pair.target.dsn)
    return [psycopg.conninfo.conninfo_to_dict(dsn)["password"].encode() for dsn in dsns]


def test_no_password_is_in_any_command_line(sample_move):
    """While pg_dump waits for a lock, the arguments of no process hold a password."""
    pair, move = sample_move()
    plans = []
    worker = threading.Thread(target=lambda: plans.append(schema.plan_schema(move)))
    with pair.source.connect() as holder, pair.source.connect_as_superuser() as watcher:
        holder.execute("BEGIN")
        holder.execute("LOCK TABLE notes IN ACCESS EXCLUSIVE MODE")
        worker.start()
        try:
            assert wait_until(lambda: any(b"pg_dump\0" in line for line in command_lines()))
            assert wait_until(
                lambda: watcher.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                    " AND application_name IN ('pg_dump', 'changeover schema')"
                ).fetchone()[0]
            )
            shown = b"".join(command_lines())
        finally:
            holder.execute("ROLLBACK")
            worker.join(SECONDS_MAX)
    assert b"pg_dump" in shown
    assert not any(password in shown for password in passwords(pair))
    assert plans


def test_indexes_are_built_without_a_password_in_sight(sample_move):
    """While pg_restore waits for a lock of the target, no process's arguments hold a password."""
    pair, move = sample_move()
    schema.apply_unique(move)
    worker = threading.Thread(target=lambda: schema.apply_indexes(move))
    with pair.target.connect() as holder:
        holder.execute("BEGIN")
        holder.execute("LOCK TABLE notes IN ROW EXCLUSIVE MODE")
        worker.start()
        try:
            assert wait_until(
                lambda: any(b"pg_restore\0" in x and b"--jobs" in x for x in command_lines())
            )
            shown = b"".join(command_lines())
        finally:
            holder.execute("ROLLBACK")
            worker.join(SECONDS_MAX)
    assert not any(password in shown for password in passwords(pair))


def test_programs_older_than_a_server_are_refused(sample_move):
    """pg_dump 16 can't be trusted with a target of 18, and the message names both."""
    _, move = sample_move(client_binaries=str(binaries(16)))
    with pytest.raises(
        ToolFailedError, match=r"pg_dump 16 .* is older than the target, .* 18"
    ) as at:
        schema.apply_all(move)
    assert "client_binaries" in at.value.hint


def test_a_directory_without_programs_is_named(tmp_path):
    """A wrong client_binaries says which directory was looked into."""
    with pytest.raises(ToolFailedError, match=str(tmp_path)):
        find_programs(str(tmp_path), {"source": 160000})


def test_the_newest_programs_are_taken():
    """Without a setting the newest of PATH and package wins."""
    found = find_programs("", {"source": 160000, "target": 180000})
    assert found.major >= 18
    assert shutil.which("pg_restore", path=str(found.directory))


def test_a_failing_program_says_what_it_said(sample_move):
    """A table that the owner may not read fails the dump, in the program's words, without a DSN."""
    pair, move = sample_move()
    with pair.source.connect_as_superuser() as connection:
        connection.execute("CREATE TABLE public.hidden (id int PRIMARY KEY)")
        connection.execute(
            "REVOKE ALL ON public.hidden FROM postgres, anon, authenticated, service_role"
        )
        connection.execute("REVOKE pg_read_all_data FROM postgres")
        try:
            with pytest.raises(ToolFailedError, match="permission denied for table hidden") as at:
                schema.plan_schema(move)
        finally:
            connection.execute("GRANT pg_read_all_data TO postgres WITH ADMIN OPTION")
    assert not any(password.decode() in str(at.value) for password in passwords(pair))
