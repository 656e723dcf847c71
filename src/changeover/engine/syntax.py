"""What a request says, as values: the syntax tree of the language, without its values.

A value that a client sent stands in `Request.values`; the tree holds the value's place there, a
`Slot`. So two requests that differ in values only have equal trees, and share plan and statement.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Slot: TypeAlias = int
"""A place in `Request.values`."""

Path: TypeAlias = tuple[str, ...]
"""Names (or aliases) of embeds, outermost first; empty for the root."""


class Action(StrEnum):
    """What a request does."""

    READ = "read"
    INSERT = "insert"
    UPDATE = "update"
    PUT = "put"
    DELETE = "delete"
    CALL = "call"
    INSPECT = "inspect"
    ROOT = "root"


class Join(StrEnum):
    """Whether parents without a match stay."""

    LEFT = "left"
    INNER = "inner"


@dataclass(frozen=True, slots=True)
class Step:
    """One step into JSON.

    Attributes:
        arrow: `->` or `->>`.
        key: The key, or the index as text; part of the tree: the output's name depends on it.
        slot: The slot of the same text: in SQL it is a parameter, cast to int for an index.
        is_index: Whether the key is an array's index.
    """

    arrow: str
    key: str
    slot: Slot
    is_index: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A column, or something inside of it."""

    name: str
    path: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class SelectField:
    """A column in `select`; `*` is a field of that name; `count()` alone has no field.

    Attributes:
        aggregate: `sum`, `avg`, `max`, `min`, `count`, or None.
        cast: The type that the field is cast to, before an aggregate.
        aggregate_cast: The type that the aggregate's result is cast to.
    """

    field: Field | None
    alias: str | None = None
    cast: str | None = None
    aggregate: str | None = None
    aggregate_cast: str | None = None


@dataclass(frozen=True, slots=True)
class Embed:
    """Another resource in `select`.

    Attributes:
        name: The target as written: a relation, a constraint, a column or a computed relationship.
        hint: What stands behind `!`, if it is neither `inner` nor `left`.
        join: `inner` or `left` where it was written, else None (which is left).
        is_spread: Whether its columns are lifted (`...`).
        select: What is selected of it; empty for `rel()`.
    """

    name: str
    alias: str | None = None
    hint: str | None = None
    join: Join | None = None
    is_spread: bool = False
    select: tuple["SelectItem", ...] = ()


SelectItem: TypeAlias = SelectField | Embed


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator and the place of its value.

    Attributes:
        operator: As written: `eq`, `like`, `in`, `is`, `fts`, `isdistinct` …
        is_negated: Whether `not.` stands before it.
        quantifier: `any`, `all` or None.
        word: For `is`: `null`, `not_null`, `true`, `false`, `unknown`.
        config: For full text search: the slot of the configuration's name, or None.
        slot: The slot of the value; None for `is`. Of `in` it is an array literal, of `like` and
            `ilike` every `*` is `%` already.
    """

    operator: str
    is_negated: bool = False
    quantifier: str | None = None
    word: str | None = None
    config: Slot | None = None
    slot: Slot | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on a field."""

    field: Field
    operation: Operation


@dataclass(frozen=True, slots=True)
class Logic:
    """Conditions joined by `and` or `or`."""

    operator: str
    is_negated: bool
    children: tuple["Condition", ...]


Condition: TypeAlias = Filter | Logic


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One key of an order.

    Attributes:
        relation: For a related order the embed's name or alias, else None.
        direction: `asc`, `desc` or None where nothing was written.
        nulls: `nullsfirst`, `nullslast` or None.
    """

    field: Field
    relation: str | None = None
    direction: str | None = None
    nulls: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Limit and offset of one level; None where there is none.

    Attributes:
        rows: A usual limit. It is part of the statement, which is then planned for so many rows; a
            bound one is planned for a tenth of all.
        limit: The slot of any other limit, an integer in text that the server is to judge.
        offset: The slot of the offset, an integer in text.
    """

    rows: int | None = None
    limit: Slot | None = None
    offset: Slot | None = None


class Resolution(StrEnum):
    """`Prefer: resolution=`."""

    MERGE = "merge-duplicates"
    IGNORE = "ignore-duplicates"


class Return(StrEnum):
    """`Prefer: return=`."""

    REPRESENTATION = "representation"
    HEADERS_ONLY = "headers-only"
    MINIMAL = "minimal"


class Count(StrEnum):
    """`Prefer: count=`."""

    EXACT = "exact"
    PLANNED = "planned"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """The `Prefer` header; None where nothing (known) was said.

    Attributes:
        transaction: `commit` or `rollback`.
        is_strict: True for `handling=strict`, False for `lenient`, None for neither.
        rows_affected_max: `max-affected`.
        unknown: Tokens that are none of PostgREST's, in order.
    """

    resolution: Resolution | None = None
    representation: Return | None = None
    count: Count | None = None
    transaction: str | None = None
    missing: str | None = None
    is_strict: bool | None = None
    timezone: str | None = None
    rows_affected_max: int | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Media:
    """One media type of `Accept`.

    Attributes:
        kind: `json` (`application/vnd.pgrst.array` without `nulls=stripped` too), `array`,
            `object`, `csv`, `plain`, `xml`, `octets`, `form`, `geojson`, `openapi`, `plan`, `any`;
            `other` for all else.
        text: The type as an error names it and as a handler is looked up: known types by their
            own name, with `;nulls=stripped` where it is on; `other` as written, parameters included
            (blanks, and what follows `;q=`, are gone).
        are_nulls_stripped: For `array` (always) and `object`.
        plan: For `plan`: the format (`text`, `json`), the media type planned `for`, and options.
    """

    kind: str
    text: str
    are_nulls_stripped: bool = False
    plan: tuple[str, "Media | None", tuple[str, ...]] | None = None


class BodyKind(StrEnum):
    """What a body is, once parsed."""

    NONE = "none"
    OBJECT = "object"
    ARRAY = "array"
    RAW = "raw"
    FORM = "form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A body.

    Attributes:
        kind: An object or array of objects in JSON (what was CSV too), raw text or bytes, or a
            form's pairs (functions only; for tables a form is one object).
        keys: The keys of the objects, sorted; empty where `columns=` was given (then the text goes
            to the server unread).
        slot: The slot of the text (or bytes), None for NONE.
        is_unread: Whether the text was not parsed, because `columns=` was given.
        rows: How many objects there are; None where the text was not read.
        form: Of a form for a function: argument names and slots in order, repeats kept.
    """

    kind: BodyKind
    keys: tuple[str, ...] = ()
    slot: Slot | None = None
    is_unread: bool = False
    rows: int | None = None
    form: tuple[tuple[str, Slot], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """All of a request that its plan and its statements depend on; hashable.

    Attributes:
        method: The verb.
        schema: The schema that the profile chose.
        name: The relation or function; empty for the root.
        is_function: Whether it is a function (CALL; INSPECT tells by it whom to ask).
        select: What `select` says; `*` where nothing was said.
        filters: Conditions of the root, in the order of the URL, each a `Filter`.
        embed_filters: Conditions of embeds with their path.
        logic: Trees with their path.
        orders: Orders with their path, the first of each path.
        windows: Windows with their path.
        columns: `columns=`, sorted and without repeats, or None.
        on_conflict: `on_conflict=`, or None.
        arguments: Of a call by GET: argument names and the slots of their texts, in order.
        payload: The body.
        content_type: The body's media type in lower case without parameters.
    """

    action: Action
    method: str
    schema: str
    name: str
    is_function: bool = False
    select: tuple[SelectItem, ...] = (SelectField(field=Field("*")),)
    filters: tuple[Filter, ...] = ()
    embed_filters: tuple[tuple[Path, Filter], ...] = ()
    logic: tuple[tuple[Path, Condition], ...] = ()
    orders: tuple[tuple[Path, tuple[OrderTerm, ...]], ...] = ()
    windows: tuple[tuple[Path, Window], ...] = ()
    columns: tuple[str, ...] | None = None
    on_conflict: tuple[str, ...] | None = None
    arguments: tuple[tuple[str, Slot], ...] = ()
    payload: Payload = Payload(kind=BodyKind.NONE)
    content_type: str = "application/json"
    resolution: Resolution | None = None
    representation: Return | None = None
    count: Count | None = None
    missing: str | None = None
    is_strict: bool | None = None
    has_rows_affected_max: bool = False
    unknown_preferences: tuple[str, ...] = ()
    accept: tuple[Media, ...] = (Media("any", "*/*"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A parsed request: its shape, its values, and what only the answer depends on.

    Attributes:
        values: The values behind the slots: text, or bytes for a raw body.
        preferences: The `Prefer` header.
        is_profile_shown: Whether the answer carries `Content-Profile`.
        location: The value of `Content-Location`, for reads of relations, else empty.
        offset: The root's effective offset, at least 0.
        limit: The root's effective limit without `db-max-rows`, None for none.
    """

    shape: Shape
    values: tuple[str | bytes, ...]
    preferences: Preferences
    is_profile_shown: bool
    location: str
    offset: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """SQL and where its values are: `$1` is `values[slots[0]]`.

    Attributes:
        text: SQL with PostgreSQL's own placeholders, `$1` to `$n`.
        slots: For each placeholder its place in `Request.values`.
    """

    text: str
    slots: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a store has to run for one request, between the settings and the end.

    Attributes:
        is_read_only: Whether the transaction is READ ONLY.
        isolation: The function's isolation, in SQL's words, or None.
        settings: Settings of the function that are hoisted to the transaction.
        main: The statement that returns one row of `reply.COLUMNS`; None where there is nothing to
            run (OPTIONS; PATCH without columns).
        explain: EXPLAIN (FORMAT JSON) of the count query, where a planned count is wanted.
        can_refuse: Whether `reply.shape` may refuse after the main statement has run, so that the
            COMMIT must wait for it.
        is_explained: Whether `main` is an EXPLAIN: its lines, each the only column of a row, make
            the outcome's row `(None, 0, lines, None, None, None, None)`, joined by newlines (of
            `FORMAT JSON` there is one, a document).
    """

    is_read_only: bool
    isolation: str | None = None
    settings: tuple[tuple[str, str], ...] = ()
    main: Statement | None = None
    explain: Statement | None = None
    can_refuse: bool = False
    is_explained: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the server returned for one request.

    Attributes:
        row: The main statement's only row, in the order of `reply.COLUMNS`; None where nothing ran.
        planned: `Plan Rows` of the count query, where it was asked for.
    """

    row: tuple[object, ...] | None
    planned: int | None = None
