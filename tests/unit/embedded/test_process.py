"""Which processes belong to a server."""

import os
from pathlib import Path

import pytest

from changeover.embedded.process import Mark, _commands_from_proc, _commands_from_ps

MARK = Mark(cluster_name="changeover-12ab34cd", data_directory=Path("/t/12ab34cd/data"))


@pytest.mark.parametrize(
    "command",
    [
        "/usr/lib/postgresql/16/bin/postgres -D /t/12ab34cd/data -c config_file=/t/server.conf ",
        "postgres -D /t/12ab34cd/data",
        "/a b/bin/initdb -D /t/12ab34cd/data --username x",
        "postgres: changeover-12ab34cd: checkpointer ",
        "postgres: changeover-12ab34cd: supabase_admin postgres 127.0.0.1(5) idle",
    ],
)
def test_processes_of_the_server_match(command):
    """The postmaster, initdb and every child are found."""
    assert MARK.matches(command)


@pytest.mark.parametrize(
    "command",
    [
        "",
        "postgres: checkpointer ",
        "postgres: changeover-12ab34ce: checkpointer ",
        "/bin/postgres -D /t/12ab34cd/data2",
        "/bin/postgres -D /t/12ab34ce/data",
        "du -s /t/12ab34cd/data",
        "vim /t/12ab34cd/data/postgresql.conf",
        "grep postgres: changeover-12ab34cd: ",
        "notpostgres -D /t/12ab34cd/data",
    ],
)
def test_other_processes_do_not_match(command):
    """Another server, and whoever merely names the directory, is left alone."""
    assert not MARK.matches(command)


def test_ps_and_proc_see_the_same_process():
    """Both ways to list commands agree on a process that doesn't change."""
    mine = os.getpid()
    assert dict(_commands_from_ps())[mine].split() == dict(_commands_from_proc())[mine].split()
