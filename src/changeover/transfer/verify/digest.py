"""Reading one side of a pair of tables: digests of ranges and buckets, rows, states of keys."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import sql

from changeover.catalog.pair import Pair
from changeover.transfer.verify.divergence import ABSENT, Digest, Found, Key, KeyRange, Rows
from changeover.transfer.verify.expression import KeyColumn, Shape
from changeover.transfer.verify.hashing import Hashing
from changeover.transfer.verify.session import Session

_COMMA = sql.SQL(", ")
ALL_PERCENT: Final = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What stands in the places of the room's statements, for one side of a pair."""

    relation: sql.Composable
    columns: sql.Composable
    first: sql.Composable
    second: sql.Composable
    bucket: sql.Composable
    keys: sql.Composable
    range: sql.Composable
    bounds: sql.Composable
    order: sql.Composable
    logged: sql.Composable
    hashes: sql.Composable
    match: sql.Composable


def parts(shape: Shape, hashing: Hashing) -> Parts:
    """Compose the parts of a side's statements once."""
    content = sql.Identifier("r", "content")
    columns = _COMMA.join(shape.columns)
    identity = _COMMA.join(key.value for key in shape.keys) if shape.keys else columns
    return Parts(
        relation=shape.relation,
        columns=columns,
        first=hashing.first.format(content),
        second=hashing.second.format(content),
        bucket=_hash_of_row(hashing.third, identity),
        keys=_texts([key.value for key in shape.keys]),
        range=_range(shape.keys),
        bounds=_COMMA.join(
            [sql.SQL("ARRAY[{}]::text[]").format(_texts([key.order for key in shape.keys]))]
        ),
        order=_COMMA.join(key.order for key in shape.keys),
        logged=_COMMA.join(key.logged for key in shape.keys),
        hashes=_COMMA.join(_hash_of_row(hashing.first, column) for column in shape.columns),
        match=_match(shape.keys),
    )


def _hash_of_row(hashing: sql.SQL, inside: sql.Composable) -> sql.Composed:
    """Hash a row's text: it tells NULL from empty and one column from the next."""
    return hashing.format(sql.SQL('(ROW({})::text COLLATE "C")').format(inside))


def _texts(values: Sequence[sql.Composable]) -> sql.Composed:
    return _COMMA.join(sql.SQL("({})::text").format(value) for value in values)


def _range(keys: Sequence[KeyColumn]) -> sql.Composed:
    """Compose the condition of a range; the planner folds it, as both bounds are known to it."""
    if not keys:
        return sql.SQL("($1::text[] IS NULL AND $2::text[] IS NULL)").format()
    return sql.SQL(
        "($1::text[] IS NULL OR ({order}) >= ({lower}))"
        " AND ($2::text[] IS NULL OR ({order}) < ({upper}))"
    ).format(
        order=_COMMA.join(key.order for key in keys),
        lower=_bound(keys, sql.SQL("$1")),
        upper=_bound(keys, sql.SQL("$2")),
    )


def _bound(keys: Sequence[KeyColumn], value: sql.SQL) -> sql.Composed:
    return _COMMA.join(
        sql.SQL("({}::text[])[{}]::{}").format(value, sql.Literal(place), key.order_type)
        for place, key in enumerate(keys, start=1)
    )


def _match(keys: Sequence[KeyColumn]) -> sql.Composed:
    return sql.SQL(" AND ").join(
        sql.SQL("{} = (w.key ->> {})::{}").format(key.value, sql.Literal(place), key.value_type)
        for place, key in enumerate(keys)
    )


class Reader:
    """One side of a pair of tables, through one session."""

    def __init__(self, pair: Pair, composed: Parts, session: Session) -> None:
        """Read `pair` on the side of `session`."""
        self.session = session
        self._pair = pair
        self._parts = composed
        self._doing = f"comparing {pair.name}"

    @property
    def relation(self) -> sql.Composable:
        """The table, for a lock."""
        return self._parts.relation

    def digest(self, inside: KeyRange) -> Digest:
        """Return the digest of a range."""
        ((rows, first, second),) = self.session.rows(
            "digest_range",
            self._doing,
            _bounds(inside),
            relation=self._parts.relation,
            columns=self._parts.columns,
            range=self._parts.range,
            first=self._parts.first,
            second=self._parts.second,
        )
        return Digest(rows=rows, first=int(first), second=int(second))

    def buckets(self, inside: KeyRange, mask: int) -> dict[int, Digest]:
        """Return the digests of a range's buckets by number; those without rows are left out."""
        found = self.session.rows(
            "digest_buckets",
            self._doing,
            (*_bounds(inside), mask),
            relation=self._parts.relation,
            columns=self._parts.columns,
            range=self._parts.range,
            bucket=self._parts.bucket,
            first=self._parts.first,
            second=self._parts.second,
        )
        return {
            bucket: Digest(rows=rows, first=int(first), second=int(second))
            for bucket, rows, first, second in found
        }

    def rows(self, inside: KeyRange, mask: int, buckets: Sequence[int]) -> Rows:
        """Return the rows of some buckets of a range: hashes per key.

        Without a key a row's hashes are its key, and its count is its only content.
        """
        found = self.session.rows(
            "read_counts" if self._pair.is_whole else "read_rows",
            self._doing,
            (*_bounds(inside), mask, list(buckets)),
            relation=self._parts.relation,
            columns=self._parts.columns,
            range=self._parts.range,
            bucket=self._parts.bucket,
            first=self._parts.first,
            second=self._parts.second,
            **({} if self._pair.is_whole else {"keys": self._parts.keys}),
        )
        rows: dict[Key, list[tuple[int, int]]] = defaultdict(list)
        for key, first, second in found:
            rows[tuple(key)].append((first, second))
        return {key: tuple(sorted(hashes)) for key, hashes in rows.items()}

    def boundaries(
        self, inside: KeyRange, step_rows: int, *, percent: float = ALL_PERCENT
    ) -> tuple[Key, ...]:
        """Return the keys at which another `step_rows` rows begin, ascending.

        Args:
            inside: Where.
            step_rows: Rows from one key to the next, about; at least 2.
            percent: How much of the table's blocks to look at: all keys of a large table take long
                to read, on one side, before anything is compared.
        """
        sample = sql.SQL("TABLESAMPLE SYSTEM ({})").format(sql.Literal(percent))
        found = self.session.rows(
            "read_boundaries",
            self._doing,
            (*_bounds(inside), max(2, round(step_rows * percent / 100))),
            relation=self._parts.relation,
            sample=sample if percent < ALL_PERCENT else sql.SQL(""),
            range=self._parts.range,
            bounds=self._parts.bounds,
            order=self._parts.order,
        )
        return tuple(tuple(bounds) for (bounds,) in found)

    def states(self, keys: Sequence[Key]) -> dict[Key, Found]:
        """Return what this side holds of each key now; the keys that it lacks are absent."""
        found = self._counts(keys) if self._pair.is_whole else self._rows_of(keys)
        return {key: found.get(key, ABSENT) for key in keys}

    def _rows_of(self, keys: Sequence[Key]) -> dict[Key, Found]:
        states: dict[Key, list[tuple[tuple[int, ...], str, Key]]] = defaultdict(list)
        for place, logged, version, hashes in self.session.rows(
            "read_states",
            self._doing,
            (json.dumps(keys, ensure_ascii=False),),
            relation=self._parts.relation,
            logged=self._parts.logged,
            hashes=self._parts.hashes,
            match=self._parts.match,
        ):
            states[keys[place - 1]].append((tuple(hashes), version, tuple(logged)))
        return {
            key: Found(
                rows=tuple(hashes for hashes, _, _ in sorted(found)),
                version=tuple(sorted(version for _, version, _ in found)),
                logged=found[0][2],
            )
            for key, found in states.items()
        }

    def _counts(self, keys: Sequence[Key]) -> dict[Key, Found]:
        return {
            tuple(key): Found(rows=((count,),), version=(version,))
            for key, version, count in self.session.rows(
                "read_multiset",
                self._doing,
                ([int(key[0]) for key in keys],),
                relation=self._parts.relation,
                columns=self._parts.columns,
                first=self._parts.first,
                second=self._parts.second,
            )
        }

    def hold(self, key: Key) -> bool:
        """Keep one row from changing until the transaction ends; False if it isn't there."""
        return bool(
            self.session.rows(
                "hold_row",
                self._doing,
                (json.dumps([key], ensure_ascii=False),),
                relation=self._parts.relation,
                match=self._parts.match,
            )
        )


def _bounds(inside: KeyRange) -> tuple[list[str] | None, list[str] | None]:
    lower = None if inside.lower is None else list(inside.lower)
    upper = None if inside.upper is None else list(inside.upper)
    return lower, upper
