"""What must hold before anything is installed or applied: asked of both sides, changing nothing.

`check` finds far more; this is what would leave the two databases half prepared, or rows mixed with
rows that are not ours.
"""

from collections.abc import Sequence
from typing import Final

from psycopg import sql

from changeover.catalog import read
from changeover.catalog.pair import Pair, moved_tables
from changeover.catalog.values import Table
from changeover.control.move import (
    ROOM,
    Connection,
    Move,
    is_installed,
    numbered,
    read_pairs,
    require_places,
)
from changeover.control.place import is_same
from changeover.database import connect, fixed
from changeover.database.errors import translated
from changeover.database.statement import table
from changeover.model.errors import (
    HiddenRowsError,
    NotAllowedError,
    TableNotFoundError,
    TargetNotEmptyError,
    TimedOutError,
    WrongServerError,
)
from changeover.model.name import TableName, quote
from changeover.model.side import Side
from changeover.transfer import schema_ledger as ledger

_MINE: Final = "changeover.transfer"
SHOWN_MAX: Final = 10
LOCK_TIMEOUT_MS: Final = 2000


def require_entry(move: Move) -> tuple[Pair, ...]:
    """Make sure that capture can be installed, before a statement of it is run.

    Returns:
        The tables to install it on, under the numbers that the logs know them by.

    Raises:
        WrongServerError: If the databases are one, swapped, or of another move.
        TableNotFoundError: If no table moves, or the target lacks one.
        NotAllowedError: If our role can't make the schema `changeover`, or does not own a table.
        TargetNotEmptyError: If a table of the target holds rows that we did not put there.
    """
    require_places(move)
    require_unswapped(move)
    pairs = numbered(move, read_pairs(move))
    if not pairs:
        raise TableNotFoundError(
            f"the source has no table that moves in {', '.join(move.settings.move.schemas)}",
            hint="name its schemas in [move], or look whether the source is the right database",
        )
    for side in Side:
        with move.connect_owner(side, "entry") as connection:
            _require_rights(connection, side, pairs)
            if side in move.mirrors:
                _require_mirror(move, side, connection)
    with move.connect_owner(Side.TARGET, "entry") as target:
        _require_empty(target, pairs)
    return pairs


def require_unswapped(move: Move) -> None:
    """Refuse a target whose tables hold rows while the source's hold none.

    A target that a step of ours was applied to is not asked. It refuses on proof alone: what can't
    be read is refused by what reads it next.

    Raises:
        WrongServerError: If it is so.
    """
    with (
        move.connect_owner(Side.SOURCE, "entry", lock_timeout_ms=LOCK_TIMEOUT_MS) as source,
        move.connect_owner(Side.TARGET, "entry", lock_timeout_ms=LOCK_TIMEOUT_MS) as target,
    ):
        if is_installed(target) or ledger.read(target):
            return
        try:
            filled = _filled_alone(move, source, target)
        except (HiddenRowsError, NotAllowedError, TimedOutError):
            return
        if filled:
            raise WrongServerError(
                f"the target, {target.info.dbname}, holds rows ({_shown(filled)}), and the source, "
                f"{source.info.dbname}, holds none",
                hint="source and target are swapped, it seems: `changeover config show`",
            )


def _filled_alone(move: Move, source: Connection, target: Connection) -> list[TableName]:
    """Return the target's tables that hold rows, if no table of the source that moves does."""
    schemas = move.settings.move.schemas
    with translated(Side.SOURCE, "looking for rows"):
        moved = moved_tables(read(source, schemas), move.settings.move)
        if _filled(source, moved):
            return []
    with translated(Side.TARGET, "looking for rows"):
        found = read(target, schemas).tables
        names = {one.name for one in moved} or set(found)
        return _filled(target, [found[name] for name in sorted(names & set(found))])


def require_places_to_make(move: Move) -> None:
    """Make sure that our role may make what the schema's steps make on the target.

    Raises:
        NotAllowedError: If it may not.
    """
    with move.connect_owner(Side.TARGET, "entry") as target:
        _require_schema(target, Side.TARGET)
        rows = target.execute(
            fixed(_MINE, "read_closed_schemas"), {"schemas": list(move.settings.move.schemas)}
        ).fetchall()
        role = target.info.user
    if rows:
        closed = ", ".join(quote(name) for (name,) in rows)
        raise NotAllowedError(
            f"target: the role {role} may not create in {closed}; nothing was changed",
            hint=f"let an administrator run GRANT CREATE ON SCHEMA {closed} TO {quote(role)}",
        )


def _require_rights(connection: Connection, side: Side, pairs: tuple[Pair, ...]) -> None:
    _require_schema(connection, side)
    oids = {"oids": [pair.table(side).oid for pair in pairs]}
    with translated(side, "looking whose the tables are"):
        rows = connection.execute(fixed(_MINE, "read_not_owned"), oids).fetchall()
    if rows:
        names = _shown([TableName(schema, name) for schema, name, _ in rows])
        owners = ", ".join(sorted({quote(owner) for _, _, owner in rows}))
        raise NotAllowedError(
            f"{side}: the role {connection.info.user} does not own {names}; nothing was changed",
            hint=f"connect as the tables' owner ({owners}), or grant that role WITH INHERIT",
        )


def _require_schema(connection: Connection, side: Side) -> None:
    with translated(side, "looking at our rights"):
        row = connection.execute(fixed(_MINE, "read_may_create")).fetchone()
    if row is None or not row[0]:
        role, database = connection.info.user, quote(connection.info.dbname)
        raise NotAllowedError(
            f"{side}: the role {role} may not make the schema changeover; nothing was changed",
            hint=f"let an administrator run GRANT CREATE ON DATABASE {database} TO {quote(role)}",
        )


def _require_mirror(move: Move, side: Side, owner: Connection) -> None:
    with connect(move.mirrors[side], "entry") as mirror:
        if not is_same(owner, mirror, side):
            raise WrongServerError(
                f"mirror_dsn of the {side} leads to another database, {mirror.info.dbname}, than "
                f"dsn, {owner.info.dbname}",
                hint="correct mirror_dsn: the same database, for a role of the mirror's own",
            )


def _require_empty(target: Connection, pairs: tuple[Pair, ...]) -> None:
    """Refuse rows in tables that capture does not guard yet; in others they are the mirror's."""
    guarded = set()
    if is_installed(target):
        rows = target.execute(fixed(ROOM, "read_moved_tables")).fetchall()
        guarded = {TableName(row[1], row[2]) for row in rows}
    with translated(Side.TARGET, "looking for rows"):
        filled = _filled(target, [pair.target for pair in pairs if pair.name not in guarded])
    if filled:
        raise TargetNotEmptyError(
            f"target: {_shown(filled)} hold(s) rows that no copy of ours put there; nothing was "
            "changed",
            hint="look whose they are; empty the table on the target, or exclude it in [move]",
        )


def _filled(connection: Connection, tables: Sequence[Table]) -> list[TableName]:
    """Return the tables that hold rows."""
    query = sql.SQL("SELECT EXISTS (SELECT FROM {} {})")
    found = []
    for one in tables:
        # A partitioned table's rows are its partitions'; an INHERITS child moves by itself.
        only = sql.SQL("" if one.kind == "p" else "ONLY")
        row = connection.execute(query.format(only, table(one.name))).fetchone()
        if row is not None and row[0]:
            found.append(one.name)
    return found


def _shown(names: Sequence[TableName]) -> str:
    more = f" and {len(names) - SHOWN_MAX} more" if len(names) > SHOWN_MAX else ""
    return ", ".join(str(name) for name in names[:SHOWN_MAX]) + more
