"""The three flags of the move, as a service reads them when it starts, and what they are worth.

Owns the spellings, the contradictions and the table from flags to stages. It is pure: the
environment and the held stage come in as values. The flags give the first stage only; from then on
Changeover's control tables hold the one truth, and no flag moves the authority for writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from changeover import Side, Stage, Standing

LEGACY: Final = "USE_LEGACY_SUPABASE"
REPOSITORY: Final = "USE_REPOSITORY_PATTERN"
DUAL_WRITE: Final = "ENABLE_DUAL_WRITE"
VARIABLES: Final = (LEGACY, REPOSITORY, DUAL_WRITE)

SPELLINGS: Final[Mapping[str, bool]] = MappingProxyType(
    {
        "true": True,
        "false": False,
        "1": True,
        "0": False,
        "yes": True,
        "no": False,
        "on": True,
        "off": False,
    }
)
"""Accepted in any case; everything else, the empty text too, is refused."""


class FlagError(ValueError):
    """The flags can't be used; the text names the variables and shows no value that it refuses.

    Attributes:
        variables: The variables to correct.
    """

    def __init__(self, message: str, *variables: str) -> None:
        """State the fact.

        Args:
            message: The fact, and what would be right.
            variables: The variables to correct.
        """
        super().__init__(message)
        self.variables = variables


class Backend(StrEnum):
    """Who answers the reads of one service."""

    SOURCE = "source"
    TARGET = "target"
    BOTH = "both"


BACKENDS: Final[Mapping[Stage, Backend]] = MappingProxyType(
    {
        Stage.OFF: Backend.SOURCE,
        Stage.DUAL_WRITE: Backend.SOURCE,
        Stage.SHADOW: Backend.SOURCE,
        Stage.LIVE: Backend.BOTH,
        Stage.RAMP_DOWN: Backend.TARGET,
        Stage.COMPLETE: Backend.TARGET,
    }
)
"""Who answers reads in a stage; in `live` it is the target for those whom the rollout names."""

PRIMARIES: Final[Mapping[Stage, Side]] = MappingProxyType(
    {
        stage: Side.TARGET if stage in {Stage.RAMP_DOWN, Stage.COMPLETE} else Side.SOURCE
        for stage in Stage
    }
)
"""The side with the authority for writes in a stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What the three variables say; a contradiction can't be made.

    Attributes:
        may_supabase_answer: `USE_LEGACY_SUPABASE`.
        may_postgres_answer: `USE_REPOSITORY_PATTERN`.
        is_mirrored: `ENABLE_DUAL_WRITE`: writes reach the other side too.
    """

    may_supabase_answer: bool = True
    may_postgres_answer: bool = False
    is_mirrored: bool = False

    def __post_init__(self) -> None:
        """Refuse contradictions.

        Raises:
            FlagError: If no backend is left, or there are two and nothing between them.
        """
        if self.values() in _STAGES:
            return
        if self.may_postgres_answer:
            raise FlagError(
                f"{DUAL_WRITE} is false, but {LEGACY} and {REPOSITORY} are both true: two backends "
                f"and nothing between them; set {DUAL_WRITE}=true",
                DUAL_WRITE,
            )
        raise FlagError(
            f"{LEGACY} and {REPOSITORY} are both false: no backend is left; set one of them to "
            f"true",
            LEGACY,
            REPOSITORY,
        )

    def values(self) -> tuple[bool, bool, bool]:
        """Return the three flags in the order of `VARIABLES`."""
        return self.may_supabase_answer, self.may_postgres_answer, self.is_mirrored

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that agree with the flags, the first one first."""
        return _STAGES[self.values()]


_STAGES: Final[Mapping[tuple[bool, bool, bool], tuple[Stage, ...]]] = MappingProxyType(
    {
        (True, False, False): (Stage.OFF,),
        (True, False, True): (Stage.DUAL_WRITE,),
        (True, True, True): (Stage.SHADOW, Stage.LIVE),
        (False, True, True): (Stage.RAMP_DOWN,),
        (False, True, False): (Stage.COMPLETE,),
    }
)
"""What is not here is a contradiction. After a rollback the stage is `live`, at 0 %."""

_WANTED: Final = {stage: values for values, stages in _STAGES.items() for stage in stages}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where a service stands.

    Attributes:
        stage: The stage that holds.
        primary: The side with the authority for writes.
        is_held: Whether the control tables hold it; else the flags gave it, before any move.
        disagreements: What the variables say otherwise, one sentence per variable.
    """

    stage: Stage
    primary: Side
    is_held: bool
    disagreements: tuple[str, ...]

    @property
    def backend(self) -> Backend:
        """Who has to answer the service's reads."""
        return BACKENDS[self.stage]


def read_flags(environment: Mapping[str, str]) -> Flags:
    """Read the three variables; one that is not set has its default.

    Args:
        environment: Names and values, such as `os.environ`.

    Raises:
        FlagError: If a spelling is not accepted, or the flags contradict each other.
    """
    default = Flags()
    return Flags(
        may_supabase_answer=_flag(environment, LEGACY, default=default.may_supabase_answer),
        may_postgres_answer=_flag(environment, REPOSITORY, default=default.may_postgres_answer),
        is_mirrored=_flag(environment, DUAL_WRITE, default=default.is_mirrored),
    )


def _flag(environment: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = environment.get(name)
    if text is None:
        return default
    found = SPELLINGS.get(text.lower())
    if found is None:
        # The value is not shown: what stands in the wrong variable may be a key.
        raise FlagError(f"{name} must be one of {', '.join(SPELLINGS)}, in any case", name)
    return found


def start(flags: Flags, held: Standing | None) -> Decision:
    """Decide where a service stands when it starts.

    Args:
        flags: What the variables say.
        held: What the control tables hold (`changeover.read_stage`); None before any move.

    Raises:
        FlagError: If the flags leave the source out while it has the authority for writes.
    """
    primary = Side.SOURCE if held is None else held.primary
    if primary is Side.SOURCE and not flags.may_supabase_answer:
        raise FlagError(
            f"{LEGACY} is false, but the source is the primary: the newest writes are there; set "
            f"{LEGACY}=true, or move the authority by `changeover cutover`",
            LEGACY,
        )
    return decide(flags, held)


def decide(flags: Flags, held: Standing | None) -> Decision:
    """Decide where a running service stands; what the flags say otherwise is shown, and loses.

    Args:
        flags: What the variables said when it started.
        held: What the control tables hold now; None before any move, when the source is primary.
    """
    if held is not None:
        return Decision(
            stage=held.stage,
            primary=held.primary,
            is_held=True,
            disagreements=_disagreements(flags, held.stage),
        )
    first = flags.stages[0]
    # Without control tables there is no primary but the source.
    stage = first if PRIMARIES[first] is Side.SOURCE else Stage.OFF
    return Decision(
        stage=stage,
        primary=Side.SOURCE,
        is_held=False,
        disagreements=_disagreements(flags, stage),
    )


def _disagreements(flags: Flags, stage: Stage) -> tuple[str, ...]:
    return tuple(
        f"{name} is {_word(value)}, the stage {stage} goes with {_word(wanted)}; the stage holds"
        for name, value, wanted in zip(VARIABLES, flags.values(), _WANTED[stage], strict=True)
        if value is not wanted
    )


def _word(value: bool) -> str:  # noqa: FBT001 - the one thing that it is about
    return "true" if value else "false"
