"""What the API must know of a database, as values: PostgREST's schema cache, and no more.

Reading it is another module's job (`api_reading.py`). It is a snapshot: a newer one replaces it
whole, and the old one serves until then.
"""

from collections.abc import Mapping

import msgspec

from changeover.model.name import TableName


class _Value(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a snapshot."""


class ApiColumn(_Value, frozen=True, kw_only=True):
    """A column of a relation.

    Attributes:
        type: The nominal type with its modifier, as `format_type` prints it.
        base_type: The type below all domains, without modifier.
        default: The default's expression (of an identity column `nextval(…)`, of a domain its own
            only where the column has none, of a generated column None).
        labels: Of an enum its labels in order.
    """

    name: str
    type: str
    base_type: str
    is_nullable: bool
    default: str | None = None
    labels: tuple[str, ...] = ()


class Relation(_Value, frozen=True, kw_only=True):
    """A table, view, materialized view, foreign or partitioned table; no partition.

    Attributes:
        kind: `pg_class.relkind`.
        columns: In order.
        primary_key: Its columns by name (the order of a Location); of a view those of its base
            table's key, in the key's order; empty if none.
    """

    name: TableName
    kind: str
    is_insertable: bool
    is_updatable: bool
    is_deletable: bool
    columns: tuple[ApiColumn, ...]
    primary_key: tuple[str, ...] = ()
    comment: str | None = None

    @property
    def is_view(self) -> bool:
        """Whether it is a view or a materialized view."""
        return self.kind in ("v", "m")

    def column(self, name: str) -> ApiColumn | None:
        """Return a column by name, or None."""
        return next((one for one in self.columns if one.name == name), None)


class Junction(_Value, frozen=True, kw_only=True):
    """The table between two others.

    Attributes:
        parent_constraint: The junction's key to the parent.
        child_constraint: The junction's key to the child.
        parent_columns: Pairs (parent's column, junction's column).
        child_columns: Pairs (child's column, junction's column).
    """

    table: TableName
    parent_constraint: str
    child_constraint: str
    parent_columns: tuple[tuple[str, str], ...]
    child_columns: tuple[tuple[str, str], ...]


class Relationship(_Value, frozen=True, kw_only=True):
    """How rows of one relation lead to rows of another, seen from the parent.

    Attributes:
        parent: The relation that is asked; `child` is embedded into it.
        kind: `many-to-one`, `one-to-many`, `one-to-one`, `many-to-many` or `computed`.
        constraint: The foreign key; empty for many-to-many and computed ones.
        columns: Pairs (parent's column, child's column); empty for many-to-many and computed ones.
        is_parent_referencing: For one-to-one: whether the parent has the foreign key.
        junction: For many-to-many.
        function: For a computed one.
        is_to_one: Whether the child comes as an object or null.
        is_self: Whether parent and child are one relation.
        is_child_view: Whether the child is a view (a constraint or column is then no target).
    """

    parent: TableName
    child: TableName
    kind: str
    is_to_one: bool
    constraint: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    is_parent_referencing: bool = False
    junction: Junction | None = None
    function: TableName | None = None
    is_self: bool = False
    is_child_view: bool = False
    is_parent_view: bool = False


class Parameter(_Value, frozen=True, kw_only=True):
    """A parameter of a function; its name is empty where it has none.

    Attributes:
        type: The type as an argument is cast to it.
        type_without_length: The same without a length for `char` and `bit` (JSON bodies).
    """

    name: str
    type: str
    type_without_length: str
    is_required: bool
    is_variadic: bool = False


class Routine(_Value, frozen=True, kw_only=True):
    """A function of an exposed schema that can be called.

    Attributes:
        returns: `void`, `scalar`, `composite` (a row type, or OUT parameters) or `record`.
        is_set: RETURNS SETOF or TABLE.
        returned_relation: Of a composite: the relation or type whose rows are returned, None for
            TABLE and OUT parameters.
        returned_type: The type as `format_type` prints it.
        volatility: `v`, `s` or `i`.
        settings: `ALTER FUNCTION … SET`, names and values.
    """

    name: TableName
    parameters: tuple[Parameter, ...]
    returns: str
    is_set: bool
    returned_type: str
    returned_relation: TableName | None = None
    volatility: str = "v"
    is_variadic: bool = False
    settings: tuple[tuple[str, str], ...] = ()
    comment: str | None = None


class MediaHandler(_Value, frozen=True, kw_only=True):
    """A function or aggregate that makes a body of a media type (a domain of that name).

    Attributes:
        media_type: The domain's name, such as `text/xml` or `*/*`.
        function: The function or aggregate.
        relation: The relation whose rows an aggregate takes; None where any row will do.
        is_aggregate: Whether it is an aggregate.
    """

    media_type: str
    function: TableName
    relation: TableName | None
    is_aggregate: bool


class Snapshot(_Value, frozen=True, kw_only=True):
    """All that plans are made from.

    Attributes:
        version: `server_version_num`.
        schemas: The exposed schemas that it was read for.
        relations: Relations of exposed schemas by name.
        relationships: Those of a parent, by the parent's name; children lie in the same schema.
        routines: Overloads by name.
        role_settings: Per role, granted to the connecting one, the settings of ALTER ROLE … SET
            that the connecting role may set, in order, values as they were written there;
            `default_transaction_isolation` among them.
    """

    version: int
    schemas: tuple[str, ...]
    relations: Mapping[TableName, Relation]
    relationships: Mapping[TableName, tuple[Relationship, ...]]
    routines: Mapping[TableName, tuple[Routine, ...]]
    handlers: tuple[MediaHandler, ...] = ()
    role_settings: Mapping[str, tuple[tuple[str, str], ...]] = msgspec.field(default_factory=dict)
