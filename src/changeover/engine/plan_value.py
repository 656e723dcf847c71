"""What plans are made of: the resolved tree of a read, a format, and what an answer depends on.

A plan holds resolved facts only: names that exist where they must, relationships that were found,
types that were looked up. Values stay behind their slots. Like a shape, a plan may be kept and used
again for every request of the same shape.

A read is a tree of `ReadNode`. Mutations and calls bring a source of their own (what was changed,
what a function returned) and put such a tree over it: see `Source`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from changeover.catalog.snapshot import MediaHandler, Relationship
from changeover.engine.syntax import (
    Action,
    Count,
    Operation,
    Resolution,
    Return,
    Step,
    Window,
)
from changeover.model.name import TableName

WHOLE: Final = Window()
"""No limit and no offset."""


class Source(StrEnum):
    """Where the rows of a tree's root come from."""

    TABLE = "table"
    MUTATION = "mutation"
    CALL = "call"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A field of a relation, resolved.

    Attributes:
        name: The column (or function of its rows); `*` for all of them.
        path: Steps into JSON.
        is_json: Whether it is json or jsonb, so that `path` needs no to_jsonb.
        is_text_searched: Whether full text search has to make a tsvector of it first.
        is_row: Whether it stands for the whole row (a `count()` that a spread lifts).
    """

    name: str
    path: tuple[Step, ...] = ()
    is_json: bool = False
    is_text_searched: bool = False
    is_row: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A column in the select list.

    Attributes:
        alias: The name it gets, None where PostgreSQL's own will do.
        cast: A type name as the client wrote it; the parser has let letters, digits, `_`, `$` and
            blanks through only.
        aggregate: `sum`, `avg`, `max`, `min`, `count` or None.
        aggregate_cast: A type name, as `cast`.
    """

    column: Column
    alias: str | None = None
    cast: str | None = None
    aggregate: str | None = None
    aggregate_cast: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifted:
    """A column of a spread embed, lifted into its parent's select list.

    Attributes:
        name: Its name inside the embed; `*` for all.
        alias: The name it gets, None for the same.
        aggregate: An aggregate that was lifted with it.
        aggregate_cast: The type of that aggregate's result.
    """

    name: str
    alias: str | None = None
    aggregate: str | None = None
    aggregate_cast: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A condition on a column."""

    column: Column
    operation: Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """A condition on an embed: whether it found a row (`rel=not.is.null`).

    Attributes:
        embed: The `aggregate_alias` of the embed.
        is_list: Whether the embed comes as an array.
        is_present: True for `not.is.null`.
    """

    embed: str
    is_list: bool
    is_present: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Conditions joined by `and` or `or`."""

    operator: str
    is_negated: bool
    children: tuple["Predicate", ...]


Predicate: TypeAlias = Comparison | Presence | Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """One key of an order.

    Attributes:
        embed: For a related order the `aggregate_alias` of the embed, else None.
    """

    column: Column
    embed: str | None = None
    direction: str | None = None
    nulls: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadNode:
    """One level of a read.

    Attributes:
        relation: The relation that is read; for the root of a call the returned row type's.
        source: Where the rows come from; always TABLE below the root.
        alias: The name under which its columns are reached; None for schema and name.
        aggregate_alias: Below the root: the name of the lateral join in the parent.
        name: Below the root: the key in the answer (alias or target as written).
        parent_alias: Below the root: what the parent's columns are reached under; None for the
            parent relation's schema and name.
        relationship: Below the root: how it joins its parent.
        is_inner: Whether parents without a match drop out.
        is_spread: Whether its columns are lifted into the parent.
        outputs: The select list, without embeds.
        lifted: Of a spread: what the parent selects of it.
        predicates: The conditions, joined by AND.
        orderings: The order.
        window: Limit and offset as the client sent them.
        rows_max: The cap on rows, None for none.
        children: Embeds, in the order in which they stand in the answer.
        is_grouped: Whether an aggregate stands at this level, a lifted one included.
        is_exact: Whether every output is a column that is known to exist, so that each row of the
            relation is one row of the answer.
        legacy_name: The target's name, where a parameter used it beside an alias.
    """

    relation: TableName
    source: Source = Source.TABLE
    alias: str | None = None
    aggregate_alias: str = ""
    name: str = ""
    parent_alias: str | None = None
    relationship: Relationship | None = None
    is_inner: bool = False
    is_spread: bool = False
    outputs: tuple[Output, ...] = ()
    lifted: tuple[Lifted, ...] = ()
    predicates: tuple[Predicate, ...] = ()
    orderings: tuple[Ordering, ...] = ()
    window: Window = WHOLE
    rows_max: int | None = None
    children: tuple["ReadNode", ...] = ()
    is_grouped: bool = False
    is_exact: bool = False
    legacy_name: str = ""

    @property
    def is_list(self) -> bool:
        """Whether it comes as an array, or lifts arrays."""
        return self.relationship is not None and not self.relationship.is_to_one

    @property
    def is_hollow(self) -> bool:
        """Whether nothing of it is shown: `rel()`, or only such embeds in it."""
        return not self.outputs and all(one.is_hollow for one in self.children)


class Body(StrEnum):
    """How a body is built."""

    ARRAY = "array"
    OBJECT = "object"
    CSV = "csv"
    GEOJSON = "geojson"
    CUSTOM = "custom"
    PLAN = "plan"
    OPENAPI = "openapi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What the client gets, once negotiated.

    Attributes:
        content_type: The header's value.
        are_nulls_stripped: For ARRAY and OBJECT.
        handler: For CUSTOM.
        plan_format: For PLAN: `text` or `json`.
        plan_options: For PLAN: what EXPLAIN is told, such as `analyze`.
        planned: For PLAN: the format of the statement that is explained.
    """

    body: Body
    content_type: str
    are_nulls_stripped: bool = False
    handler: MediaHandler | None = None
    plan_format: str = ""
    plan_options: tuple[str, ...] = ()
    planned: "Format | None" = None

    @property
    def is_single(self) -> bool:
        """Whether the result must be exactly one row (PGRST116)."""
        return self.body is Body.OBJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What `reply.shape` must know of a plan.

    Attributes:
        path: `/name` percent-encoded, for `Location`.
        format: The negotiated format.
        has_body: Whether the main statement builds a body (no HEAD; mutations with representation
            only).
        representation: `Prefer: return=`.
        resolution: `Prefer: resolution=`, where there is a conflict target; else None.
        count: `Prefer: count=`.
        rows_max: For an estimated count: the root's cap.
        applied: What `Preference-Applied` says of preferences that a shape holds, in order, up to
            `count`.
        handling: The same of `handling`.
        is_transaction_shown: Whether `tx` is echoed.
        is_limited: Whether `max-affected` is held (with `handling=strict`; PATCH, DELETE, calls).
        is_void: A function that returns nothing.
        has_key: PUT: whether the row that results must be one (PGRST115).
        warning: The value of a `Warning` header; empty for none.
        is_minimal: Whether errors have a code and a message only.
    """

    action: Action
    method: str
    schema: str
    path: str
    format: Format
    has_body: bool
    representation: Return | None = None
    resolution: Resolution | None = None
    count: Count | None = None
    rows_max: int | None = None
    applied: tuple[str, ...] = ()
    handling: str | None = None
    is_transaction_shown: bool = False
    is_limited: bool = False
    is_void: bool = False
    has_key: bool = False
    warning: str = ""
    is_minimal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlan:
    """A read of a relation."""

    root: ReadNode
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectPlan:
    """OPTIONS: what is allowed.

    Attributes:
        allow: The header's value.
    """

    allow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RootPlan:
    """The description of the API.

    Attributes:
        document: The body, as text.
    """

    answer: Answer
    document: str
