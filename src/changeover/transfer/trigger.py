"""The text of the triggers by which a database guards itself: capture and fence.

Statements only; installing them is `capture`'s work. In the functions every name and operator is
qualified instead of setting `search_path`, which costs more than all the rest; hence no
`IS DISTINCT FROM`, no `IN`, no `CASE x WHEN`: their operators can't be qualified.
"""

from collections.abc import Sequence
from typing import Final

from psycopg import sql

from changeover.catalog.pair import Pair
from changeover.catalog.values import Table
from changeover.database.errors import FENCE_MESSAGE
from changeover.model.name import TableName
from changeover.model.side import Side

FENCE_TRIGGER: Final = "!changeover_fence"
CAPTURE_TRIGGERS: Final = {
    "INSERT": "changeover_capture_insert",
    "UPDATE": "changeover_capture_update",
    "DELETE": "changeover_capture_delete",
}
TRUNCATE_TRIGGER: Final = "changeover_capture_truncate"
ROW_TRIGGER: Final = "changeover_capture_row"
FENCE_FUNCTION: Final = "refuse_unless_open"
OPEN: Final = 1
"""The only value of the sequence `changeover.fence` that lets application writes pass."""

STEADY_TYPES: Final = frozenset(
    {"smallint", "integer", "bigint", "text", "character varying", "uuid", "boolean", "numeric"}
)
"""Key types whose text depends on no setting."""

_REFUSE: Final = sql.SQL(
    "IF pg_catalog.pg_sequence_last_value('changeover.fence'::pg_catalog.regclass)"
    " OPERATOR(pg_catalog.=) {open} THEN RETURN NULL; END IF;\n"
    "  RAISE EXCEPTION USING ERRCODE = 'P0004', MESSAGE = {message},"
    " HINT = 'The move to the other database is at its swap, or this side is the secondary:"
    " write to the primary.';"
)
_UNLESS_OPEN: Final = sql.SQL(
    "WHEN ((pg_catalog.pg_sequence_last_value('changeover.fence'::pg_catalog.regclass)"
    " OPERATOR(pg_catalog.=) {open}) IS NOT TRUE) "
)
"""Spares the fence's function its call while this side is open, which is most of a fence's price.

It is read when the trigger fires, outside every snapshot as in the function, and by the rights of
whoever writes: hence every role may read that sequence. What it can't tell is left to the function.
"""

_ALWAYS_CALLED: Final = sql.SQL("")
_PINS: Final = sql.SQL(
    " SET DateStyle = 'ISO, YMD' SET TimeZone = 'UTC' SET IntervalStyle = 'postgres'"
    " SET extra_float_digits = 1 SET bytea_output = 'hex' SET lc_monetary = 'C'"
)


class MirrorTest:
    """The condition that tells the mirror from everybody else, inside a trigger function."""

    def __init__(self, *, role: str | None, secret_digest: str | None) -> None:
        """Recognise a role by `session_user`, or, where none can be made, a secret by digest."""
        assert (role is None) != (secret_digest is None), "the mirror is known by one thing"
        if role is not None:
            self.condition = sql.SQL("SESSION_USER OPERATOR(pg_catalog.=) {}").format(
                sql.Literal(role)
            )
        else:
            self.condition = sql.SQL(
                "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to("
                "pg_catalog.current_setting('changeover.secret', true), 'UTF8')), 'hex')"
                " OPERATOR(pg_catalog.=) {}"
            ).format(sql.Literal(secret_digest))


def refusal() -> sql.Composed:
    """Return the end of a trigger function: pass if this side is open, else refuse."""
    return _REFUSE.format(open=sql.Literal(OPEN), message=sql.Literal(FENCE_MESSAGE))


def fence_function(mirror: MirrorTest) -> sql.Composed:
    """Return the statement that creates the fence's function."""
    body = sql.SQL("BEGIN\n  IF {mirror} THEN RETURN NULL; END IF;\n  {refusal}\nEND").format(
        mirror=mirror.condition, refusal=refusal()
    )
    return _function(sql.Identifier("changeover", FENCE_FUNCTION), body, sql.SQL(""))


def _function(name: sql.Composable, body: sql.Composed, pins: sql.Composable) -> sql.Composed:
    return sql.SQL(
        "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger"
        " LANGUAGE plpgsql SECURITY DEFINER{pins} AS {body}"
    ).format(name=name, pins=pins, body=sql.Literal(body.as_string()))


def capture_function_name(table_id: int) -> sql.Identifier:
    """Return the name of a table's capture function."""
    return sql.Identifier("changeover", f"capture_{table_id}")


def is_row_level(pair: Pair, side: Side) -> bool:
    """Return whether a side's capture fires per row.

    Statement triggers are not cloned to partitions, don't fire for INHERITS children, nor for what
    a subscription applies; row triggers of a partitioned table are cloned to every partition,
    future ones too.
    Source: https://www.postgresql.org/docs/current/sql-createtrigger.html
    Source: https://www.postgresql.org/docs/current/logical-replication-architecture.html
    """
    table = pair.table(side)
    is_tree = table.kind == "p" or bool(table.inherits) or bool(table.children)
    return is_tree or table.has_subscription or (pair.is_row_capture and not pair.is_whole)


def capture_function(pair: Pair, side: Side, mirror: MirrorTest) -> sql.Composed:
    """Return the statement that creates a table's capture function.

    It logs first and checks the fence once more afterwards: whoever holds the log's lock when the
    fence goes up is waited for, whatever table it wrote.
    """
    log = _row_log(pair, side) if is_row_level(pair, side) else _statement_log(pair)
    body = sql.SQL("BEGIN\n  IF {mirror} THEN RETURN NULL; END IF;\n  {log}\n  {refusal}\nEND")
    return _function(
        capture_function_name(pair.table_id),
        body.format(mirror=mirror.condition, log=log, refusal=refusal()),
        _pins(pair, side),
    )


def _pins(pair: Pair, side: Side) -> sql.SQL:
    table = pair.table(side)
    columns = [table.column(name) for name in pair.key]
    types = {column.base_type for column in columns if column is not None}
    return sql.SQL("") if types <= STEADY_TYPES else _PINS


def key_text(columns: Sequence[str], row: str) -> sql.Composed:
    """Return the expression for a key as the log holds it.

    One column stands as its text, several as the text of an array of their texts.
    """
    texts = [
        sql.SQL("CAST({}.{} AS pg_catalog.text)").format(sql.SQL(row), sql.Identifier(name))
        for name in columns
    ]
    if len(texts) == 1:
        return texts[0]
    return sql.SQL("CAST(ARRAY[{}] AS pg_catalog.text)").format(sql.SQL(", ").join(texts))


def _statement_log(pair: Pair) -> sql.Composed:
    number = sql.Literal(pair.table_id)
    if pair.is_whole:
        return sql.SQL(
            "INSERT INTO changeover.change (table_id, key) VALUES ({number}, NULL);"
        ).format(number=number)
    return sql.SQL(
        "IF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN"
        " INSERT INTO changeover.change (table_id, key) SELECT {number}, {new} FROM new_rows AS n;"
        " ELSIF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN"
        " INSERT INTO changeover.change (table_id, key)"
        " SELECT {number}, {old} FROM old_rows AS o"
        " UNION SELECT {number}, {new} FROM new_rows AS n;"
        " ELSIF TG_OP OPERATOR(pg_catalog.=) 'DELETE' THEN"
        " INSERT INTO changeover.change (table_id, key) SELECT {number}, {old} FROM old_rows AS o;"
        " ELSE INSERT INTO changeover.change (table_id, key) VALUES ({number}, NULL); END IF;"
    ).format(number=number, new=key_text(pair.key, "n"), old=key_text(pair.key, "o"))


def _row_log(pair: Pair, side: Side) -> sql.Composed:
    assert pair.table(side).kind in {"r", "p"}, "only tables are captured"
    if pair.is_whole:
        return _statement_log(pair)
    return sql.SQL(
        "IF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN"
        " INSERT INTO changeover.change (table_id, key) VALUES ({number}, {new});"
        " ELSIF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN"
        " INSERT INTO changeover.change (table_id, key) VALUES ({number}, {old});"
        " IF {new} OPERATOR(pg_catalog.<>) {old} THEN"
        " INSERT INTO changeover.change (table_id, key) VALUES ({number}, {new}); END IF;"
        " ELSIF TG_OP OPERATOR(pg_catalog.=) 'DELETE' THEN"
        " INSERT INTO changeover.change (table_id, key) VALUES ({number}, {old});"
        " ELSE INSERT INTO changeover.change (table_id, key) VALUES ({number}, NULL); END IF;"
    ).format(
        number=sql.Literal(pair.table_id),
        new=key_text(pair.key, "NEW"),
        old=key_text(pair.key, "OLD"),
    )


def marker_function(side: Side) -> sql.Composed:
    """Return the statement that creates the marker's own trigger function, without a fence.

    Only a side's own marker is logged there; one that the mirror brought is no change.
    """
    body = sql.SQL(
        "BEGIN\n  IF NEW.side OPERATOR(pg_catalog.=) {side} THEN"
        " INSERT INTO changeover.change (table_id, key) VALUES (0, NEW.side); END IF;\n"
        "  RETURN NULL;\nEND"
    ).format(side=sql.Literal(str(side)))
    return _function(sql.Identifier("changeover", "capture_marker"), body, sql.SQL(""))


def marker_trigger() -> tuple[sql.Composed, ...]:
    """Return the statements that create the marker's trigger."""
    relation = sql.Identifier("changeover", "marker")
    name = "changeover_marker"
    create = sql.SQL(
        "CREATE TRIGGER {name} AFTER INSERT OR UPDATE ON {relation}"
        " FOR EACH ROW EXECUTE FUNCTION changeover.capture_marker()"
    ).format(name=sql.Identifier(name), relation=relation)
    return (_drop(name, relation), create, _always(name, relation))


def _drop(name: str, relation: sql.Composable) -> sql.Composed:
    return sql.SQL("DROP TRIGGER IF EXISTS {} ON {}").format(sql.Identifier(name), relation)


def _always(name: str, relation: sql.Composable) -> sql.Composed:
    return sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}").format(relation, sql.Identifier(name))


def _relations(table: Table) -> tuple[TableName, ...]:
    return (table.name, *(part.name for part in table.partitions))


def table_triggers(pair: Pair, side: Side) -> tuple[sql.Composed, ...]:
    """Return the statements that create all triggers of a table, and of each of its partitions."""
    statements: list[sql.Composed] = []
    function = capture_function_name(pair.table_id)
    table = pair.table(side)
    for name in _relations(table):
        statements += _uncloned_triggers(name, function)
    statements += (
        _row_triggers(table, function)
        if is_row_level(pair, side)
        else _set_triggers(table.name, function)
    )
    return tuple(statements)


def _uncloned_triggers(name: TableName, function: sql.Identifier) -> list[sql.Composed]:
    """Return the statements that create what every table and partition needs for itself."""
    relation = sql.Identifier(name.schema, name.name)
    return [
        *_statement_trigger(
            FENCE_TRIGGER,
            sql.SQL("BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE"),
            relation,
            sql.Identifier("changeover", FENCE_FUNCTION),
            when=_UNLESS_OPEN.format(open=sql.Literal(OPEN)),
        ),
        *_statement_trigger(TRUNCATE_TRIGGER, sql.SQL("AFTER TRUNCATE"), relation, function),
    ]


def partition_triggers(pair: Pair, name: TableName) -> tuple[sql.Composed, ...]:
    """Return the statements that give a new partition what was not cloned to it."""
    relation = sql.Identifier(name.schema, name.name)
    return (
        *_uncloned_triggers(name, capture_function_name(pair.table_id)),
        _always(ROW_TRIGGER, relation),
    )


def log_rows(pair: Pair, name: TableName) -> sql.Composed:
    """Return the statement that logs the keys of all rows of a partition."""
    key = key_text(pair.key, "t") if pair.key else sql.SQL("CAST(NULL AS pg_catalog.text)")
    return sql.SQL(
        "INSERT INTO changeover.change (table_id, key) SELECT {}, {} FROM ONLY {} AS t"
    ).format(sql.Literal(pair.table_id), key, sql.Identifier(name.schema, name.name))


def _statement_trigger(
    name: str,
    events: sql.SQL,
    relation: sql.Identifier,
    function: sql.Identifier,
    *,
    when: sql.Composable = _ALWAYS_CALLED,
) -> list[sql.Composed]:
    create = sql.SQL(
        "CREATE TRIGGER {name} {events} ON {relation} FOR EACH STATEMENT"
        " {when}EXECUTE FUNCTION {function}()"
    ).format(
        name=sql.Identifier(name), events=events, relation=relation, function=function, when=when
    )
    return [_drop(name, relation), create, _always(name, relation)]


def _row_triggers(table: Table, function: sql.Identifier) -> list[sql.Composed]:
    relation = sql.Identifier(table.name.schema, table.name.name)
    create = sql.SQL(
        "CREATE TRIGGER {name} AFTER INSERT OR UPDATE OR DELETE ON {relation}"
        " FOR EACH ROW EXECUTE FUNCTION {function}()"
    ).format(name=sql.Identifier(ROW_TRIGGER), relation=relation, function=function)
    always = [_always(ROW_TRIGGER, sql.Identifier(n.schema, n.name)) for n in _relations(table)]
    return [_drop(ROW_TRIGGER, relation), create, *always]


_TRANSITIONS: Final = {
    "INSERT": sql.SQL("NEW TABLE AS new_rows"),
    "UPDATE": sql.SQL("OLD TABLE AS old_rows NEW TABLE AS new_rows"),
    "DELETE": sql.SQL("OLD TABLE AS old_rows"),
}
_EVENTS: Final = {
    "INSERT": sql.SQL("INSERT"),
    "UPDATE": sql.SQL("UPDATE"),
    "DELETE": sql.SQL("DELETE"),
}


def _set_triggers(name: TableName, function: sql.Identifier) -> list[sql.Composed]:
    relation = sql.Identifier(name.schema, name.name)
    statements = []
    for event, trigger in CAPTURE_TRIGGERS.items():
        create = sql.SQL(
            "CREATE TRIGGER {name} AFTER {event} ON {relation} REFERENCING {rows}"
            " FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
        ).format(
            name=sql.Identifier(trigger),
            event=_EVENTS[event],
            relation=relation,
            rows=_TRANSITIONS[event],
            function=function,
        )
        statements += [_drop(trigger, relation), create, _always(trigger, relation)]
    return statements


def drop_triggers(table: Table) -> tuple[sql.Composed, ...]:
    """Return the statements that remove all our triggers from a table and its partitions."""
    root = sql.Identifier(table.name.schema, table.name.name)
    everywhere = [
        _drop(name, sql.Identifier(relation.schema, relation.name))
        for relation in _relations(table)
        for name in (FENCE_TRIGGER, TRUNCATE_TRIGGER)
    ]
    on_root = [_drop(name, root) for name in (ROW_TRIGGER, *CAPTURE_TRIGGERS.values())]
    return (*everywhere, *on_root)
