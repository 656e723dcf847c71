"""Where servers and their programs may lie, and who may go there."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from changeover.embedded.account import Account, server_account
from changeover.embedded.binary import binaries, reachable
from changeover.embedded.directory import private_home
from changeover.model.errors import (
    AccountNotFoundError,
    BinariesNotFoundError,
    UnsafeDirectoryError,
)

STRANGER = Account(uid=65_533, gid=65_533)


@pytest.fixture
def open_directory():
    """A directory that everybody may enter, which pytest's own isn't."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def closed_programs(tmp_path):
    """An installation of PostgreSQL with a wheel's libraries, in a directory that is only ours."""
    closed = tmp_path / "closed"
    for path in ("pg/install/bin/postgres", "pg/install/share/postgres.bki", "pg.libs/libpq.so"):
        (closed / path).parent.mkdir(parents=True, exist_ok=True)
        (closed / path).write_text("x")
        (closed / path).chmod(0o700 if path.endswith("postgres") else 0o600)
    closed.chmod(0o700)
    return closed / "pg" / "install" / "bin"


def test_stranger_may_not_enter_a_closed_directory(tmp_path):
    """One closed directory above is enough to be shut out."""
    inner = tmp_path / "closed" / "open"
    inner.mkdir(parents=True)
    tmp_path.joinpath("closed").chmod(0o700)
    assert not STRANGER.may_enter(inner)
    assert Account(uid=os.geteuid(), gid=os.getegid()).may_enter(inner)


def test_programs_in_reach_are_not_copied(open_directory):
    """What the account can run is run where it is."""
    program = open_directory / "postgres"
    program.write_text("x")
    program.chmod(0o755)
    assert reachable(open_directory, STRANGER) == open_directory


def test_programs_out_of_reach_are_copied_once(closed_programs, open_directory):
    """The copy keeps the layout, can be run by the stranger, and is made once."""
    first = reachable(closed_programs, STRANGER, cache_root=open_directory)
    tree = first.parent.parent.parent
    (tree / "mark").touch()
    second = reachable(closed_programs, STRANGER, cache_root=open_directory)
    assert first == second != closed_programs
    assert STRANGER.may_run(first / "postgres")
    assert (first.parent / "share" / "postgres.bki").stat().st_mode & 0o777 == 0o644
    assert (tree / "pg.libs" / "libpq.so").exists()
    assert (tree / "mark").exists()


def test_half_a_copy_is_made_anew(closed_programs, open_directory):
    """A copy that was cut short is never used."""
    first = reachable(closed_programs, STRANGER, cache_root=open_directory)
    tree = first.parent.parent.parent
    tree.rename(tree.with_name(f"{tree.name}.partial"))
    (tree.with_name(f"{tree.name}.partial") / "pg" / "install" / "bin" / "postgres").unlink()
    again = reachable(closed_programs, STRANGER, cache_root=open_directory)
    assert (again / "postgres").exists()


@pytest.mark.parametrize("kind", ["writable", "link", "file"])
def test_home_that_is_not_ours_alone_is_refused(open_directory, kind):
    """A directory that somebody else prepared for us is never used."""
    home = open_directory / f"changeover-{os.geteuid()}"
    if kind == "writable":
        home.mkdir()
        home.chmod(0o777)
    elif kind == "link":
        (open_directory / "elsewhere").mkdir()
        home.symlink_to(open_directory / "elsewhere")
    else:
        home.touch()
    with pytest.raises(UnsafeDirectoryError, match=home.name):
        private_home(open_directory)


def test_home_can_be_entered_whatever_the_umask(open_directory):
    """A strict umask doesn't shut the server's account out."""
    before = os.umask(0o077)
    try:
        home = private_home(open_directory)
    finally:
        os.umask(before)
    assert STRANGER.may_enter(home)
    assert home.stat().st_mode & 0o777 == 0o711


@pytest.mark.parametrize("major", [16, 18])
def test_package_holds_both_majors(major):
    """The wheel's programs are found without running any of its code."""
    assert (binaries(major) / "initdb").is_file()


@pytest.mark.parametrize(("major", "origin"), [(9, "package"), (9, "debian")])
def test_unknown_major_is_an_error_that_names_it(major, origin):
    """A version that isn't there is never replaced by another."""
    with pytest.raises(BinariesNotFoundError, match=f"PostgreSQL {major} "):
        binaries(major, origin=origin)


def test_account_of_a_server_is_never_root():
    """Root's servers run as somebody else, everybody else's as themselves."""
    account = server_account()
    assert account.uid != 0
    assert account.is_other == (os.geteuid() == 0)
    if os.geteuid() == 0:
        for name in ("root", "nobody of that name"):
            with pytest.raises(AccountNotFoundError, match=name):
                server_account(name)
