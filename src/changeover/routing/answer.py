"""What `changeover.poll` answers, and what a client tells it: two JSON texts, as values."""

from typing import Final

import msgspec

from changeover.control.place import STATE_VERSION
from changeover.model.errors import WrongStateVersionError
from changeover.model.side import Side, Stage
from changeover.routing.rule import Rollout, State

ALL_PERCENT: Final = 100


class _Marker(msgspec.Struct, frozen=True):
    """The last marker that came back."""

    age_ms: float
    epoch: int
    error: str | None = None


class Answer(msgspec.Struct, frozen=True):
    """An answer of the control tables.

    Attributes:
        members: The listed keys; None if they are those whose digest was told, or nobody asked.
    """

    version: int
    stage: Stage
    primary: Side
    epoch: int
    is_swapping: bool
    percent: int
    group: str
    members_digest: str
    shadow_percent: float
    is_catching_up: bool
    marker_age_ms_max: float
    swap_wait_s_max: float
    seen: str
    killed: str | None = None
    marker: _Marker | None = None
    members: frozenset[str] | None = None
    shadow_key: str = ""

    @classmethod
    def parse(cls, text: bytes) -> "Answer":
        """Read an answer.

        Args:
            text: JSON.

        Raises:
            WrongStateVersionError: Another version of Changeover holds the state.
            msgspec.DecodeError: It is no such answer.
        """
        version = msgspec.json.decode(text, type=_Version).version
        if version != STATE_VERSION:
            raise WrongStateVersionError(
                f"the schema changeover of the target has version {version}, "
                f"we read {STATE_VERSION}",
                hint="use the version of Changeover that began the move",
            )
        return msgspec.json.decode(text, type=cls)

    def state(self, members: frozenset[str]) -> State:
        """Return the state that it tells.

        Args:
            members: The listed keys, where it does not name them.
        """
        return State(
            stage=self.stage,
            primary=self.primary,
            epoch=self.epoch,
            is_swapping=self.is_swapping,
            rollout=Rollout(
                percent=self.percent,
                group=self.group,
                members=members if self.members is None else self.members,
            ),
            shadow_percent=self.shadow_percent,
            killed=self.killed,
            marker_age_ms=self._marker_age_ms,
            is_catching_up=self.is_catching_up,
            marker_age_ms_max=self.marker_age_ms_max,
            swap_wait_s_max=self.swap_wait_s_max,
            seen=self.seen,
        )

    @property
    def _marker_age_ms(self) -> float | None:
        marker = self.marker
        if marker is None or marker.error is not None or marker.epoch != self.epoch:
            return None
        return max(0.0, marker.age_ms)


OFF: Final = Answer(
    version=STATE_VERSION,
    stage=Stage.OFF,
    primary=Side.SOURCE,
    epoch=1,
    is_swapping=False,
    percent=0,
    group="",
    members_digest="",
    shadow_percent=0.0,
    is_catching_up=False,
    marker_age_ms_max=0.0,
    swap_wait_s_max=0.0,
    seen="",
)
"""The answer where there is no move any more."""


class _Version(msgspec.Struct, frozen=True):
    version: int


def reads_go_to(state: State, *, is_killed: bool) -> str:
    """Return where a client sends reads: `source`, `target`, or `mixed`.

    Args:
        state: What it obeys.
        is_killed: Whether the kill switch of its machine is on.
    """
    if state.stage is not Stage.LIVE or state.primary is not Side.SOURCE:
        return str(state.primary)
    rollout = state.rollout
    if is_killed or state.killed is not None or not (rollout.percent or rollout.members):
        return str(Side.SOURCE)
    return str(Side.TARGET) if rollout.percent >= ALL_PERCENT else "mixed"
