"""Judges what clients were told about lists that they append to and read: did one database answer?

A history is a set of transactions, each a few appends and reads, and the lists that are there at
the end. Since every value is appended once, a list tells the order of its writers, and a read tells
which of them it saw; see `dependency.py` for what follows from that. Pure: knows no database and
no clock, only what was written down.

Source: Kingsbury and Alvaro, "Elle: Inferring Isolation Anomalies from Experimental Observations",
VLDB 2020, for the inference; `design.md` section 2, promises 1, 3 and 4, for what is demanded.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Outcome(StrEnum):
    """What became of a transaction: it was committed, certainly not, or nobody knows."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """What is wrong with a history."""

    LOST = "an acknowledged append is not there"
    FAILED_APPEARED = "an append that certainly did not happen is seen"
    INVENTED = "a value is seen that nobody appended"
    DOUBLED = "an append has happened twice"
    TORN = "a part of a transaction is there, another is not"
    INCOMPATIBLE = "a list was read that is no beginning of the last one"
    INTERMEDIATE = "a read saw a transaction that was under way"
    INTERNAL = "a transaction does not see what it has done itself"
    STALE_OWN = "a read does not see what its own process had written before"
    STALE_MIRRORED = "a read does not see what had returned as mirrored before"
    STALE_AGE = "a read is older than reads may be"
    STALE_PRIMARY = "the primary does not see what was acknowledged before"
    G0 = "writes depend on each other in a circle (G0)"
    G1C = "what was written and read depends on each other in a circle (G1c)"
    ORDER = "what was written and read contradicts the order of time"
    G_SINGLE = "a read saw a transaction and not another that came before it (G-single)"
    G_NONADJACENT = "no snapshots explain what was read (G-nonadjacent)"
    G2 = "no serial order explains what the primary answered (G2)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """A value put to the end of a list; no other append of the history has this value."""

    key: int
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A list as it was seen."""

    key: int
    values: tuple[int, ...]


Part = Append | Read


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """What one call asked, and what it was told.

    Attributes:
        number: Its own in the history.
        process: The client process that asked; one that is started anew is another.
        begin: When it was sent, on the machine's monotonic clock.
        end: When the answer came; an unknown one may still happen later.
        outcome: What the answer said.
        parts: In their order; those of a transaction that is not `OK` are what was asked.
        is_write: It was sent as a write; any other call may have been answered by the secondary,
            from a snapshot.
        is_mirrored: It returned as mirrored: nobody anywhere may read older from its end on.
    """

    number: int
    process: str
    begin: float
    end: float
    outcome: Outcome
    parts: tuple[Part, ...]
    is_write: bool
    is_mirrored: bool = False

    def __post_init__(self) -> None:
        """Refuse what can't have happened."""
        assert self.begin <= self.end, self
        assert self.is_write or not self.appends, self

    @property
    def appends(self) -> tuple[Append, ...]:
        """What it appends."""
        return tuple(part for part in self.parts if isinstance(part, Append))

    @property
    def is_fenced(self) -> bool:
        """Whether a fence has let it pass, so that the primary ran it, serializable.

        A call that could have written and didn't meets no fence: a process that has not heard of a
        swap yet is answered by the primary of before, as for any read.
        """
        return self.is_write and bool(self.appends)

    @property
    def reads(self) -> tuple[Read, ...]:
        """What it read."""
        return tuple(part for part in self.parts if isinstance(part, Read))


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """One thing that is wrong.

    Attributes:
        kind: What it is.
        detail: The key, the values, or the circle.
        transactions: The numbers of those that show it.
    """

    kind: Kind
    detail: str
    transactions: tuple[int, ...]

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.kind}: {self.detail} (transactions {list(self.transactions)})"


class History:
    """Transactions and the lists that they left."""

    def __init__(
        self,
        transactions: Sequence[Transaction],
        final: Mapping[int, tuple[int, ...]],
        *,
        age_s_max: float = math.inf,
    ) -> None:
        """Take a history.

        Args:
            transactions: All that were sent, in any order.
            final: The lists of the primary at the end.
            age_s_max: Nobody reads what was overwritten so long before, in seconds.
        """
        self.transactions = tuple(transactions)
        self.final = final
        self.age_s_max = age_s_max
        appends = [(one, part) for one in transactions for part in one.appends]
        self.author = {part.value: one for one, part in appends}
        self.home = {part.value: part.key for _, part in appends}
        assert len(self.author) == len(appends), "a value is appended once"
        assert len({one.number for one in transactions}) == len(transactions)

    @cached_property
    def place(self) -> dict[int, int]:
        """Where a value stands in its last list."""
        return {value: at for values in self.final.values() for at, value in enumerate(values)}

    @cached_property
    def committed(self) -> tuple[Transaction, ...]:
        """Those that were committed: they were told so, or all that they append is there."""
        return tuple(
            one
            for one in self.transactions
            if one.outcome is Outcome.OK
            or (one.appends and all(part.value in self.place for part in one.appends))
        )

    @cached_property
    def acknowledged(self) -> tuple[Transaction, ...]:
        """Those whose reads and end are known."""
        return tuple(one for one in self.transactions if one.outcome is Outcome.OK)

    def anomalies(self) -> tuple[Anomaly, ...]:
        """Return what is wrong with the lists and the reads by themselves."""
        return (*self._of_lists(), *self._of_reads(), *self._of_promises())

    def demands(self, one: Transaction, other: Transaction) -> Kind | None:
        """Return which promise is broken when `other` does not see the appends of `one`."""
        if one.outcome is not Outcome.OK or not one.appends or one.end >= other.begin:
            return None
        if one.process == other.process:
            return Kind.STALE_OWN
        if other.is_fenced:
            return Kind.STALE_PRIMARY
        if one.is_mirrored:
            return Kind.STALE_MIRRORED
        return Kind.STALE_AGE if one.end + self.age_s_max < other.begin else None

    # ---- lists at the end -----------------------------------------------------------------------

    def _of_lists(self) -> Iterator[Anomaly]:
        for key, values in self.final.items():
            yield from self._of_values(key, values, ())
        for one in self.transactions:
            missing = [part.value for part in one.appends if part.value not in self.place]
            if not missing:
                continue
            if one.outcome is Outcome.OK:
                yield Anomaly(kind=Kind.LOST, detail=f"{missing}", transactions=(one.number,))
            if one.outcome is not Outcome.FAILED and len(missing) < len(one.appends):
                there = [part.value for part in one.appends if part.value in self.place]
                yield Anomaly(
                    kind=Kind.TORN,
                    detail=f"{there} there, {missing} not",
                    transactions=(one.number,),
                )

    def _of_values(
        self, key: int, values: tuple[int, ...], seen_by: tuple[int, ...]
    ) -> Iterator[Anomaly]:
        """Look at a list by itself, wherever it was seen."""
        for value, times in Counter(values).items():
            author = self.author.get(value)
            numbers = (*seen_by, *((author.number,) if author else ()))
            detail = f"{value} in list {key}"
            if author is None or self.home[value] != key:
                yield Anomaly(kind=Kind.INVENTED, detail=detail, transactions=numbers)
            elif author.outcome is Outcome.FAILED:
                yield Anomaly(kind=Kind.FAILED_APPEARED, detail=detail, transactions=numbers)
            if times > 1:
                yield Anomaly(
                    kind=Kind.DOUBLED, detail=f"{detail}, {times} times", transactions=numbers
                )

    # ---- reads by themselves --------------------------------------------------------------------

    def _of_reads(self) -> Iterator[Anomaly]:
        for one in self.acknowledged:
            for read in one.reads:
                yield from self._of_values(read.key, read.values, (one.number,))
                if read.values != self.final.get(read.key, ())[: len(read.values)]:
                    yield Anomaly(
                        kind=Kind.INCOMPATIBLE,
                        detail=f"list {read.key} was {list(read.values)},"
                        f" is {list(self.final.get(read.key, ()))}",
                        transactions=(one.number,),
                    )
                yield from self._intermediate(one, read)
            yield from self._internal(one)

    def _intermediate(self, one: Transaction, read: Read) -> Iterator[Anomaly]:
        author = self.author.get(read.values[-1]) if read.values else None
        if author is None or author is one:
            return
        last = [part.value for part in author.appends if part.key == read.key][-1:]
        if last and last[0] not in read.values:
            yield Anomaly(
                kind=Kind.INTERMEDIATE,
                detail=f"list {read.key} up to {read.values[-1]}, not {last[0]}",
                transactions=(one.number, author.number),
            )

    def _internal(self, one: Transaction) -> Iterator[Anomaly]:
        """What a transaction knows of a list must go on as it has seen and changed it itself."""
        seen: dict[int, tuple[int, ...]] = {}
        own: dict[int, tuple[int, ...]] = {}
        for part in one.parts:
            mine = own.setdefault(part.key, ())
            if isinstance(part, Append):
                own[part.key] = (*mine, part.value)
                continue
            known = seen.get(part.key)
            expected = part.values if known is None else (*known, *mine)
            if part.values != expected or part.values[len(part.values) - len(mine) :] != mine:
                yield Anomaly(
                    kind=Kind.INTERNAL,
                    detail=f"list {part.key} was {list(part.values)} after {list(known or ())}"
                    f" and its own {list(mine)}",
                    transactions=(one.number,),
                )
            seen[part.key], own[part.key] = part.values, ()

    # ---- promises about time --------------------------------------------------------------------

    def _of_promises(self) -> Iterator[Anomaly]:
        writers: dict[int, list[tuple[Transaction, int]]] = {}
        for one in self.acknowledged:
            for part in one.appends:
                if part.value in self.place:
                    writers.setdefault(part.key, []).append((one, part.value))
        for other in self.acknowledged:
            for read in other.reads:
                yield from self._stale(other, read, writers.get(read.key, ()))

    def _stale(
        self, other: Transaction, read: Read, writers: Sequence[tuple[Transaction, int]]
    ) -> Iterator[Anomaly]:
        for one, value in writers:
            if self.place[value] < len(read.values):
                continue
            kind = self.demands(one, other)
            if kind is not None:
                yield Anomaly(
                    kind=kind,
                    detail=f"list {read.key} without {value}, acknowledged"
                    f" {other.begin - one.end:.3f} s before",
                    transactions=(one.number, other.number),
                )
                return
