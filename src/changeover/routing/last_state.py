"""The last known state, on the disk of the client: what it starts from while the target is away.

One small file of mode 0600, replaced whole. It says which side is the primary and whose reads went
where, never how old the mirror was: that nobody can know from a file. What can't be read is no
state, and what can't be written is told to whoever asks; neither stops a call.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from changeover.control.place import STATE_VERSION
from changeover.model.routing_settings import STAGE_FILE_NAME
from changeover.model.side import Side, Stage
from changeover.routing.rule import Rollout, State

_HOME_NAME: Final = "XDG_STATE_HOME"
_ONLY_OURS: Final = 0o700


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the file."""

    version: int
    stage: Stage
    primary: Side
    epoch: int
    percent: int
    group: str
    members: tuple[str, ...]
    members_digest: str
    killed: str | None
    seen: str


class LastState:
    """The file of one application on one machine."""

    def __init__(
        self, place: str, path: str = "", environment: Mapping[str, str] = os.environ
    ) -> None:
        """Choose the file; it is not touched yet.

        Args:
            place: What tells one move's target from another's; only a hash of it is used.
            path: The file; empty for one in the user's own directory.
            environment: Names a file where the application does not; it comes first.
        """
        chosen = environment.get(STAGE_FILE_NAME) or path
        self.path = Path(chosen) if chosen else _usual(place, environment)
        self._is_chosen = bool(chosen)

    def read(self) -> tuple[State, str] | None:
        """Return the state and the digest of its listed keys; None if there is none to be had."""
        try:
            if not _is_ours(self.path):
                return None
            kept = msgspec.json.decode(self.path.read_bytes(), type=_Kept)
        except (OSError, msgspec.DecodeError):
            return None
        if kept.version != STATE_VERSION:
            return None
        state = State(
            stage=kept.stage,
            primary=kept.primary,
            epoch=kept.epoch,
            rollout=Rollout(
                percent=kept.percent, group=kept.group, members=frozenset(kept.members)
            ),
            killed=kept.killed,
            seen=kept.seen,
        )
        return state, kept.members_digest

    def write(self, state: State, members_digest: str) -> bool:
        """Keep a state; return whether it could be kept.

        Args:
            state: What was learned.
            members_digest: The digest of its listed keys.
        """
        kept = _Kept(
            version=STATE_VERSION,
            stage=state.stage,
            primary=state.primary,
            epoch=state.epoch,
            percent=state.rollout.percent,
            group=state.rollout.group,
            members=tuple(sorted(state.rollout.members)),
            members_digest=members_digest,
            killed=state.killed,
            seen=state.seen,
        )
        try:
            if not self._is_chosen:
                self.path.parent.mkdir(mode=_ONLY_OURS, parents=True, exist_ok=True)
            if not _is_ours(self.path.parent, is_chosen=self._is_chosen):
                return False
            self._replace(msgspec.json.encode(kept))
        except OSError:
            return False
        return True

    def _replace(self, data: bytes) -> None:
        number, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        try:
            with open(number, "wb") as file:  # noqa: PTH123 - a descriptor, of mode 0600
                file.write(data)
            os.replace(name, self.path)  # noqa: PTH105 - beside its descriptor
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)  # noqa: PTH108
            raise


def _usual(place: str, environment: Mapping[str, str]) -> Path:
    """Return the user's own place; without a home one among the temporary files."""
    digest = hashlib.blake2b(place.encode(), digest_size=8).hexdigest()
    name = f"state-{digest}.json"
    home = environment.get(_HOME_NAME)
    if home and Path(home).is_absolute():
        return Path(home) / "changeover" / name
    if environment.get("HOME"):
        return Path(environment["HOME"]) / ".local" / "state" / "changeover" / name
    return Path(tempfile.gettempdir()) / f"changeover-state-{os.getuid()}" / name


def _is_ours(path: Path, *, is_chosen: bool = False) -> bool:
    """Return whether nobody else has put it there: what another user wrote is not believed."""
    found: Any = path.stat()
    return is_chosen or found.st_uid in (os.getuid(), 0)
