"""What the schema step does, as values: objects and what becomes of each, statements by step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from changeover.catalog.difference import Difference

DROP: Final = "drop"
CARRY: Final = "carry"


class Outcome(StrEnum):
    """What becomes of an object of the source."""

    CARRIED = "carried"
    KEPT = "kept"
    SHIMMED = "shimmed"
    DROPPED = "dropped"
    ASKED = "asked"


class Step(StrEnum):
    """The steps, in their order."""

    PREPARATION = "preparation"
    PRE_DATA = "pre-data"
    KEYS = "keys"
    UNIQUE = "unique"
    INDEXES = "indexes"
    FOREIGN_KEYS = "foreign-keys"
    TRIGGERS = "triggers-and-policies"
    PRIVILEGES = "privileges"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaObject:
    """An object and what becomes of it.

    Attributes:
        name: Kind and identity; the ledger knows it by this.
        outcome: What becomes of it.
        step: When it is carried, made or put in its place by ours.
        why: The reason, where it is not simply carried.
        answer_key: The key of `answers` in [move] that decides it, where there is a choice.
        choices: The answers that are possible.
    """

    name: str
    outcome: Outcome
    step: Step | None = None
    why: str = ""
    answer_key: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaPlan:
    """What `schema apply` would do.

    Attributes:
        objects: Every object of the moved schemas, and what else is made for them.
        statements: The exact SQL by step, as one text per step; keys by table.
        applied: The steps that the ledger of the target holds.
        differences: What differs on tables that were there before.
    """

    objects: tuple[SchemaObject, ...]
    statements: Mapping[str, str]
    applied: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()

    @property
    def questions(self) -> tuple[SchemaObject, ...]:
        """Objects that wait for an answer."""
        return tuple(o for o in self.objects if o.outcome is Outcome.ASKED)

    def of(self, outcome: Outcome) -> tuple[SchemaObject, ...]:
        """Return the objects with an outcome."""
        return tuple(o for o in self.objects if o.outcome is outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaReport:
    """What `schema apply` did.

    Attributes:
        objects: Every object and what became of it.
        done: Steps that were applied now.
        known: Steps that had been applied before, and were left alone.
        not_validated: Foreign keys that stayed NOT VALID, each with the reason.
        differences: What differs now between the two databases.
    """

    objects: tuple[SchemaObject, ...]
    done: tuple[str, ...]
    known: tuple[str, ...]
    not_validated: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = field(default=())
