"""What a database holds, as values. Reading them is another module's job."""

import msgspec

from changeover.model.name import TableName


class _Value(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a catalog."""


class Column(_Value, frozen=True, kw_only=True):
    """A column of a table.

    Attributes:
        type: The type with its modifier, as `format_type` prints it, always schema-qualified
            where it is not in `pg_catalog`.
        base_type: The type below all domains, as text.
        category: `pg_type.typcategory` of the base type.
        identity: Empty, `a` (always) or `d` (by default).
        generated: Empty, `s` (stored) or `v` (virtual, from 18).
        expression: What a generated column is computed by.
        collation: The collation's name, empty for the database's own or a type without one.
        equality: The operator by which a key of this type is unique, as SQL; a type of an
            extension has its own, which an unqualified `=` would not find.
        is_collation_deterministic: False where equal text may differ in bytes.
    """

    name: str
    position: int
    type: str
    base_type: str
    category: str
    is_not_null: bool
    default: str | None
    identity: str
    generated: str
    collation: str
    is_collation_deterministic: bool
    expression: str | None = None
    equality: str = "OPERATOR(pg_catalog.=)"


class Key(_Value, frozen=True, kw_only=True):
    """A unique index that identifies rows: no expression, no predicate.

    Attributes:
        is_exact: All columns are NOT NULL and the key is checked at once.
    """

    name: str
    columns: tuple[str, ...]
    is_primary: bool
    is_constraint: bool
    is_deferrable: bool
    is_exact: bool


class Index(_Value, frozen=True, kw_only=True):
    """An index, with the constraint that it serves if any."""

    name: str
    definition: str
    is_unique: bool
    is_primary: bool
    is_valid: bool
    is_exclusion: bool
    constraint: str | None


class ForeignKey(_Value, frozen=True, kw_only=True):
    """A foreign key seen from the table that has it.

    Attributes:
        on_delete: `a` no action, `r` restrict, `c` cascade, `n` set null, `d` set default.
    """

    name: str
    columns: tuple[str, ...]
    references: TableName
    referenced_columns: tuple[str, ...]
    definition: str
    on_delete: str
    on_update: str
    is_validated: bool
    is_deferrable: bool


class Check(_Value, frozen=True, kw_only=True):
    """A CHECK constraint."""

    name: str
    definition: str
    is_validated: bool


class Trigger(_Value, frozen=True, kw_only=True):
    """A trigger that is not internal.

    Attributes:
        enabled: `O` origin, `D` disabled, `R` replica, `A` always.
        function: Schema and name of its function.
    """

    name: str
    definition: str
    enabled: str
    function: TableName


class Partition(_Value, frozen=True, kw_only=True):
    """A table below a partitioned one."""

    name: TableName
    bound: str
    is_leaf: bool


class Table(_Value, frozen=True, kw_only=True):
    """A table that is no partition.

    Attributes:
        kind: `r` plain, `p` partitioned, `f` foreign.
        persistence: `p` logged, `u` unlogged.
        rows_estimate: What the planner believes; -1 where never analyzed.
        size_bytes: Heap, TOAST and partitions together.
        is_row_security_active: Rows may be hidden from the role that reads the catalog.
        inherits: Parents, and `children` below, of an INHERITS tree.
        has_subscription: A subscription of this database writes into it.
    """

    oid: int
    name: TableName
    kind: str
    persistence: str
    owner: str
    rows_estimate: int
    size_bytes: int
    has_row_security: bool
    is_row_security_forced: bool
    is_row_security_active: bool
    has_rules: bool
    partition_key: str | None
    has_subscription: bool = False
    inherits: tuple[TableName, ...] = ()
    children: tuple[TableName, ...] = ()
    partitions: tuple[Partition, ...] = ()
    columns: tuple[Column, ...] = ()
    keys: tuple[Key, ...] = ()
    indexes: tuple[Index, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    triggers: tuple[Trigger, ...] = ()

    def column(self, name: str) -> Column | None:
        """Return a column by name, or None."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def primary_key(self) -> Key | None:
        """The primary key, or None."""
        return next((key for key in self.keys if key.is_primary), None)

    @property
    def identifying_key(self) -> Key | None:
        """The key that tells rows apart: the primary key, else the narrowest exact unique one."""
        exact = [key for key in self.keys if key.is_exact]
        chosen = min(exact, key=lambda key: (len(key.columns), key.name), default=None)
        return self.primary_key or chosen


class Sequence(_Value, frozen=True, kw_only=True):
    """A sequence and the column that it serves, if any.

    Attributes:
        last_value: The last value handed out, None before the first call or without the right.
    """

    name: TableName
    last_value: int | None
    start: int
    increment: int
    minimum: int
    maximum: int
    cache: int
    is_cycled: bool
    owner_table: TableName | None
    owner_column: str | None


class View(_Value, frozen=True, kw_only=True):
    """A view (`v`) or a materialized view (`m`)."""

    name: TableName
    kind: str
    definition: str


class Function(_Value, frozen=True, kw_only=True):
    """A function or procedure.

    Attributes:
        identity: Name with argument types, which tells overloads apart.
        body_digest: Digest of the whole definition.
    """

    name: TableName
    identity: str
    language: str
    is_security_definer: bool
    body_digest: str


class UserType(_Value, frozen=True, kw_only=True):
    """An enum (with its labels in order), a domain, a composite or a range.

    Attributes:
        kind: `e` enum, `d` domain, `c` composite, `r` range, `m` multirange.
    """

    name: TableName
    kind: str
    labels: tuple[str, ...]
    definition: str


class Extension(_Value, frozen=True, kw_only=True):
    """An installed extension."""

    name: str
    version: str
    schema: str


class Policy(_Value, frozen=True, kw_only=True):
    """A row level security policy."""

    table: TableName
    name: str
    command: str
    is_permissive: bool
    roles: tuple[str, ...]
    using: str | None
    check: str | None


class Privilege(_Value, frozen=True, kw_only=True):
    """An effective privilege of a role that can't log in as an owner.

    Attributes:
        grantee: The role, or `public`.
        privilege: SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER or USAGE.
    """

    table: TableName
    grantee: str
    privilege: str


class OutsideWriter(_Value, frozen=True, kw_only=True):
    """Something outside the moved tables that writes into them."""

    kind: str
    name: str
    table: TableName
    why: str


class Catalog(_Value, frozen=True, kw_only=True):
    """All that a database holds in the schemas that were asked for.

    Attributes:
        version: `server_version_num`.
        system: The cluster's system identifier, None without the right to read it.
        database: The database's name.
        settings: Server settings that change behaviour, by name.
    """

    version: int
    system: str | None
    database: str
    user: str
    settings: dict[str, str]
    tables: dict[TableName, Table]
    sequences: tuple[Sequence, ...] = ()
    views: tuple[View, ...] = ()
    functions: tuple[Function, ...] = ()
    types: tuple[UserType, ...] = ()
    extensions: tuple[Extension, ...] = ()
    policies: tuple[Policy, ...] = ()
    privileges: tuple[Privilege, ...] = ()
