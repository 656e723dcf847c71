"""The file of the kill switch: who names it, making it, removing it, and what stands in the way."""

import os
import stat

import pytest

from changeover.control.kill_file import KillFile, kill_file
from changeover.model.errors import KillFileError


def test_the_environment_comes_before_the_configuration(tmp_path):
    """CHANGEOVER_KILL_SWITCH wins; without both there is no file."""
    found = kill_file({"CHANGEOVER_KILL_SWITCH": "/a/b"}, "/c/d")
    assert found is not None
    assert (str(found.path), found.origin) == ("/a/b", "environment CHANGEOVER_KILL_SWITCH")
    configured = kill_file({"CHANGEOVER_KILL_SWITCH": ""}, "/c/d")
    assert configured is not None
    assert str(configured.path) == "/c/d"
    assert kill_file({}, "") is None


def test_it_is_made_once_readable_for_all_and_removed_once(tmp_path):
    """A second write changes nothing, whatever the umask; so does a second removal."""
    file = KillFile(path=tmp_path / "kill", origin="a test")
    mask = os.umask(0o077)
    try:
        assert file.write("first\n") is True
    finally:
        os.umask(mask)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o644
    assert file.write("second\n") is False
    assert file.path.read_text(encoding="utf-8") == "first\n"
    assert file.is_there
    assert (file.remove(), file.remove()) == (True, False)
    assert not file.is_there


def test_what_can_not_be_made_or_removed_is_said(tmp_path):
    """A missing directory, a file as one, and a directory are errors that name the path."""
    with pytest.raises(KillFileError, match="missing/kill"):
        KillFile(path=tmp_path / "missing" / "kill", origin="a test").write("")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(KillFileError, match="file/kill"):
        KillFile(path=tmp_path / "file" / "kill", origin="a test").remove()
    with pytest.raises(KillFileError, match="is a directory"):
        KillFile(path=tmp_path, origin="a test").remove()
