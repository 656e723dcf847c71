"""The last known state on disk."""

import stat

import pytest

from changeover.model.side import Side, Stage
from changeover.routing.last_state import LastState
from changeover.routing.rule import Rollout, State

STATE = State(
    stage=Stage.LIVE,
    primary=Side.SOURCE,
    epoch=7,
    rollout=Rollout(percent=5, group="g", members=frozenset({"a", "b"})),
    killed="why",
    marker_age_ms=3.0,
    is_catching_up=False,
    seen="digest",
)


def test_what_was_written_is_read_but_for_the_marker(tmp_path):
    """A file never says how old the mirror was; its mode is 0600."""
    file = LastState("a place", str(tmp_path / "state.json"), {})
    assert file.write(STATE, "members")
    state, digest = file.read()
    assert digest == "members"
    assert (state.stage, state.epoch, state.rollout, state.killed) == (
        Stage.LIVE,
        7,
        STATE.rollout,
        "why",
    )
    assert (state.marker_age_ms, state.is_catching_up) == (None, True)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", [b"", b"{", b"{}", b'{"version":99}'])
def test_what_can_not_be_read_is_no_state(tmp_path, text):
    """A file that is torn, empty or of another version counts as none."""
    (tmp_path / "state.json").write_bytes(text)
    assert LastState("a place", str(tmp_path / "state.json"), {}).read() is None


def test_the_environment_comes_before_the_argument(tmp_path):
    """CHANGEOVER_STAGE_FILE names the file whatever the application says."""
    named = str(tmp_path / "named.json")
    file = LastState("a place", "other.json", {"CHANGEOVER_STAGE_FILE": named})
    assert str(file.path) == named


def test_targets_have_files_of_their_own_in_the_users_directory(tmp_path):
    """Another place, another file; the directory is the user's alone."""
    home = {"HOME": str(tmp_path)}
    one, other = LastState("one", "", home), LastState("other", "", home)
    assert one.path != other.path
    assert one.write(STATE, "")
    assert stat.S_IMODE(one.path.parent.stat().st_mode) == 0o700
    assert other.read() is None


def test_a_place_that_can_not_be_written_is_told(tmp_path):
    """Nothing is raised: a client without a disk works on."""
    (tmp_path / "file").touch()
    assert not LastState("a place", str(tmp_path / "file" / "state.json"), {}).write(STATE, "")
