"""The checker of histories itself: what it must accept, and each thing that it must reject."""

import random
from dataclasses import replace

import pytest
from dependency import check
from history import Append, History, Kind, Outcome, Read, Transaction
from hypothesis import given, settings
from hypothesis import strategies as st

KEYS = 3
PROCESSES = ("a", "b", "c")
AGE_S = 50.0


def write(number, *parts, at, process="a", outcome=Outcome.OK, is_mirrored=False, until=None):
    """Return a write that was sent at a moment and answered half a second later."""
    return Transaction(
        number=number,
        process=process,
        begin=at,
        end=at + 0.5 if until is None else until,
        outcome=outcome,
        parts=parts,
        is_write=True,
        is_mirrored=is_mirrored,
    )


def read(number, *parts, at, process="b"):
    """Return a read that any side may have answered."""
    return replace(write(number, *parts, at=at, process=process), is_write=False)


def a(key, value):
    """Return an append."""
    return Append(key=key, value=value)


def r(key, *values):
    """Return a list as it was seen."""
    return Read(key=key, values=values)


def kinds(transactions, final, **limits):
    """Return what is wrong."""
    return {anomaly.kind for anomaly in check(History(transactions, final, **limits))}


BAD = {
    "lost": (Kind.LOST, [write(1, a(1, 10), at=1)], {1: ()}),
    "failed and there": (
        Kind.FAILED_APPEARED,
        [write(1, a(1, 10), at=1, outcome=Outcome.FAILED)],
        {1: (10,)},
    ),
    "failed and seen (G1a)": (
        Kind.FAILED_APPEARED,
        [write(1, a(1, 10), at=1, outcome=Outcome.FAILED), read(2, r(1, 10), at=1.2)],
        {1: ()},
    ),
    "invented": (Kind.INVENTED, [], {1: (10,)}),
    "in another list": (Kind.INVENTED, [write(1, a(1, 10), at=1)], {1: (10,), 2: (10,)}),
    "twice": (Kind.DOUBLED, [write(1, a(1, 10), at=1)], {1: (10, 10)}),
    "unknown and twice": (
        Kind.DOUBLED,
        [write(1, a(1, 10), at=1, outcome=Outcome.UNKNOWN)],
        {1: (10, 10)},
    ),
    "half of an unknown one": (
        Kind.TORN,
        [write(1, a(1, 10), a(2, 11), at=1, outcome=Outcome.UNKNOWN)],
        {1: (10,), 2: ()},
    ),
    "seen and gone": (
        Kind.INCOMPATIBLE,
        [write(1, a(1, 10), at=1, outcome=Outcome.UNKNOWN), read(2, r(1, 10), at=2)],
        {1: ()},
    ),
    "another order": (
        Kind.INCOMPATIBLE,
        [
            write(1, a(1, 10), at=1, until=3),
            write(2, a(1, 20), at=1, until=3, process="b"),
            read(3, r(1, 20, 10), at=4, process="c"),
        ],
        {1: (10, 20)},
    ),
    "under way (G1b)": (
        Kind.INTERMEDIATE,
        [write(1, a(1, 10), a(1, 11), at=1), read(2, r(1, 10), at=1.1)],
        {1: (10, 11)},
    ),
    "blind to its own append": (
        Kind.INTERNAL,
        [write(1, a(1, 10), r(1), at=1)],
        {1: (10,)},
    ),
    "blind to its own read": (
        Kind.INTERNAL,
        [
            write(1, a(1, 10), at=1, until=2),
            write(2, r(1), r(1, 10), at=1, until=2, process="b"),
        ],
        {1: (10,)},
    ),
    "own write not seen": (
        Kind.STALE_OWN,
        [write(1, a(1, 10), at=1), read(2, r(1), at=2, process="a")],
        {1: (10,)},
    ),
    "mirrored write not seen": (
        Kind.STALE_MIRRORED,
        [write(1, a(1, 10), at=1, is_mirrored=True), read(2, r(1), at=2)],
        {1: (10,)},
    ),
    "too old": (Kind.STALE_AGE, [write(1, a(1, 10), at=1), read(2, r(1), at=99)], {1: (10,)}),
    "forgotten by the primary": (
        Kind.STALE_PRIMARY,
        [write(1, a(1, 10), at=1), write(2, r(1), a(2, 20), at=2, process="b")],
        {1: (10,), 2: (20,)},
    ),
    "G0": (
        Kind.G0,
        [
            write(1, a(1, 10), a(2, 11), at=1),
            write(2, a(1, 20), a(2, 21), at=1, process="b"),
        ],
        {1: (10, 20), 2: (21, 11)},
    ),
    "G1c": (
        Kind.G1C,
        [
            write(1, a(1, 10), r(2, 20), at=1),
            write(2, a(2, 20), r(1, 10), at=1, process="b"),
        ],
        {1: (10,), 2: (20,)},
    ),
    "order of time": (
        Kind.ORDER,
        [
            write(1, a(1, 10), at=1),
            write(2, a(1, 20), at=2, process="b"),
        ],
        {1: (20, 10)},
    ),
    "half of another (fractured)": (
        Kind.G_SINGLE,
        [write(1, a(1, 10), a(2, 11), at=1), read(2, r(1, 10), r(2), at=1.2)],
        {1: (10,), 2: (11,)},
    ),
    "lost update": (
        Kind.G_SINGLE,
        [
            write(1, r(1), a(1, 10), at=1),
            write(2, r(1), a(1, 20), at=1, process="b"),
        ],
        {1: (10, 20)},
    ),
    "effect without its cause": (
        # 2 had seen 10 when it wrote 20; who sees 20 must see 10.
        Kind.G_SINGLE,
        [
            write(1, a(1, 10), at=1, until=9),
            write(2, r(1, 10), a(2, 20), at=2, process="b", until=9),
            read(3, r(2, 20), r(1), at=5, process="c"),
        ],
        {1: (10,), 2: (20,)},
    ),
    "seen, but not what was acknowledged before it was sent": (
        # The reader need not see 10, nor 20; but 20 was sent when 10 had been acknowledged.
        Kind.G_SINGLE,
        [
            write(1, a(1, 10), at=1),
            write(2, a(2, 20), at=2, process="b"),
            read(3, r(2, 20), r(1), at=2.2, process="c"),
        ],
        {1: (10,), 2: (20,)},
    ),
    "older than what its own write had seen": (
        Kind.G_SINGLE,
        [
            write(1, a(1, 10), at=1, until=9, process="c"),
            write(2, r(1, 10), a(2, 20), at=2),
            read(3, r(1), at=3, process="a"),
        ],
        {1: (10,), 2: (20,)},
    ),
    "older than what a mirrored write had seen": (
        Kind.G_SINGLE,
        [
            write(1, a(1, 10), at=1, until=9, process="c"),
            write(2, r(1, 10), a(2, 20), at=2, is_mirrored=True),
            read(3, r(1), at=3),
        ],
        {1: (10,), 2: (20,)},
    ),
    "older than what an old write had seen": (
        Kind.G_SINGLE,
        [
            write(1, a(1, 10), at=1, until=99, process="c"),
            write(2, r(1, 10), a(2, 20), at=2),
            read(3, r(1), at=60),
        ],
        {1: (10,), 2: (20,)},
    ),
    "the primary is older than a read before": (
        Kind.G_SINGLE,
        [
            write(1, a(1, 10), at=1, until=9, process="c"),
            read(2, r(1, 10), at=2),
            write(3, r(1), a(2, 20), at=3),
        ],
        {1: (10,), 2: (20,)},
    ),
    "long fork": (
        Kind.G_NONADJACENT,
        [
            write(1, a(1, 10), at=1, until=9),
            write(2, a(2, 20), at=1, until=9, process="b"),
            read(3, r(1, 10), r(2), at=2, process="c"),
            read(4, r(1), r(2, 20), at=2, process="d"),
        ],
        {1: (10,), 2: (20,)},
    ),
    "write skew": (
        Kind.G2,
        [
            write(1, r(1), a(2, 20), at=1),
            write(2, r(2), a(1, 10), at=1, process="b"),
        ],
        {1: (10,), 2: (20,)},
    ),
}

GOOD = {
    "nothing": ([], {}),
    "unknown and there": ([write(1, a(1, 10), at=1, outcome=Outcome.UNKNOWN)], {1: (10,)}),
    "unknown and not there": ([write(1, a(1, 10), at=1, outcome=Outcome.UNKNOWN)], {1: ()}),
    "unknown and late": (
        [
            write(1, a(1, 10), at=1, outcome=Outcome.UNKNOWN),
            read(2, r(1), at=5, process="a"),
            read(3, r(1, 10), at=9, process="a"),
        ],
        {1: (10,)},
    ),
    "failed and not there": ([write(1, a(1, 10), at=1, outcome=Outcome.FAILED)], {1: ()}),
    "another's write not mirrored yet": (
        [write(1, a(1, 10), at=1), read(2, r(1), at=2)],
        {1: (10,)},
    ),
    "seen, then older again, by another than its author": (
        [
            write(1, a(1, 10), at=1),
            read(2, r(1, 10), at=2),
            read(3, r(1), at=3),
            read(4, r(1, 10), at=4),
        ],
        {1: (10,)},
    ),
    "a call that could have written, where no swap was heard of": (
        [write(1, a(1, 10), at=1), write(2, r(1), at=2, process="b")],
        {1: (10,)},
    ),
    "at once with its author's read": (
        [write(1, a(1, 10), at=1, is_mirrored=True), read(2, r(1), at=1.4, process="a")],
        {1: (10,)},
    ),
    "what a snapshot may show (the read-only anomaly)": (
        # 2 comes before 3, since it read no 20; the snapshot between their commits sees 3 alone.
        [
            write(2, r(2), a(1, 10), at=1, until=9),
            write(3, a(2, 20), at=1, until=2, process="b"),
            read(4, r(1), r(2, 20), at=3, process="c"),
        ],
        {1: (10,), 2: (20,)},
    ),
    "its own append after what it has read": (
        [write(1, a(1, 10), at=1), write(2, r(1, 10), a(1, 11), r(1, 10, 11), at=2)],
        {1: (10, 11)},
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_rejects(name):
    """A history with one thing wrong is rejected, by that name."""
    kind, transactions, final = BAD[name]
    assert kind in kinds(transactions, final, age_s_max=AGE_S)


@pytest.mark.parametrize("name", GOOD)
def test_accepts(name):
    """A history that the promises allow is accepted."""
    transactions, final = GOOD[name]
    assert kinds(transactions, final, age_s_max=AGE_S) == set()


def test_every_kind_is_planted():
    """No kind of anomaly goes without a history that shows it."""
    assert {kind for kind, _, _ in BAD.values()} == set(Kind)


def test_says_where():
    """An anomaly names the circle and its transactions."""
    _, transactions, final = BAD["effect without its cause"]
    (anomaly,) = check(History(transactions, final))
    assert set(anomaly.transactions) == {1, 2, 3}
    assert "-rw->" in str(anomaly)


# ---- histories made by a database of one piece --------------------------------------------------


class Machine:
    """Runs transactions one after the other; a secondary follows it as it likes."""

    def __init__(self, dice):
        self.dice = dice
        self.lists = dict.fromkeys(range(KEYS), ())
        self.states = [(0.0, dict(self.lists))]
        self.transactions = []
        self.values = 0
        self.floors = dict.fromkeys(PROCESSES, 0.0)

    def run(self, many):
        """Run a number of transactions; each takes effect at a moment of its own."""
        for at in range(1, many + 1):
            self._one(at, float(at))
        return self.transactions, dict(self.lists)

    def _one(self, number, at):
        dice = self.dice
        process = dice.choice(PROCESSES)
        begin = max(self.floors[process], at - dice.choice((0.2, 0.9, 5.0)))
        end = at + dice.choice((0.05, 0.4))
        # A process asks one thing after the other.
        self.floors[process] = end
        is_write = dice.random() < 0.6
        outcome = dice.choice([Outcome.OK] * 8 + [Outcome.FAILED, Outcome.UNKNOWN])
        is_done = outcome is Outcome.OK or (outcome is Outcome.UNKNOWN and dice.random() < 0.5)
        is_mirrored = is_write and dice.random() < 0.5
        lists = self.lists if is_write else self._state(begin, process)
        parts = self._parts(dict(lists), is_write=is_write, is_done=is_done)
        self.transactions.append(
            Transaction(
                number=number,
                process=process,
                begin=begin,
                end=end,
                outcome=outcome,
                parts=parts
                if outcome is Outcome.OK
                else tuple(p for p in parts if hasattr(p, "value")),
                is_write=is_write,
                is_mirrored=is_mirrored and outcome is Outcome.OK,
            )
        )
        self.states.append((at, dict(self.lists)))

    def _parts(self, lists, *, is_write, is_done):
        parts = []
        for _ in range(self.dice.randint(1, 3)):
            key = self.dice.randrange(KEYS)
            if is_write and self.dice.random() < 0.6:
                self.values += 1
                lists[key] = (*lists[key], self.values)
                parts.append(Append(key=key, value=self.values))
            else:
                parts.append(Read(key=key, values=lists[key]))
        if is_write and is_done:
            self.lists = lists
        return tuple(parts)

    def _state(self, begin, process):
        """Return a state that the secondary may show to a read that begins now."""
        oldest = begin - AGE_S
        for one in self.transactions:
            is_seen = one.process == process or one.is_mirrored
            if is_seen and one.outcome is Outcome.OK and one.end < begin:
                oldest = max(oldest, one.number)
        return self.dice.choice([lists for at, lists in self.states if at >= oldest])


def histories():
    """Return histories that a move may leave."""
    return st.builds(
        lambda seed, many: (seed, *Machine(random.Random(seed)).run(many)),  # noqa: S311
        st.integers(0, 2**32),
        st.integers(1, 40),
    )


@given(histories())
@settings(max_examples=300, deadline=None)
def test_serial_executions_are_accepted(history):
    """Whatever one database in one order has answered is accepted, with a secondary that lags."""
    _, transactions, final = history
    assert check(History(transactions, final, age_s_max=AGE_S)) == ()


def forget(dice, transactions, final):
    """Lose an acknowledged append."""
    values = [
        part.value for one in transactions if one.outcome is Outcome.OK for part in one.appends
    ]
    if not values:
        return None
    lost = dice.choice(values)
    return transactions, {
        key: tuple(value for value in values if value != lost) for key, values in final.items()
    }


def deny(dice, transactions, final):
    """Tell a client that what happened did not."""
    there = [one for one in transactions if one.outcome is Outcome.OK and one.appends]
    if not there:
        return None
    denied = dice.choice(there)
    return [
        replace(one, outcome=Outcome.FAILED, parts=one.appends) if one is denied else one
        for one in transactions
    ], final


def repeat(dice, transactions, final):
    """Do an append twice."""
    keys = [key for key, values in final.items() if values]
    if not keys:
        return None
    key = dice.choice(keys)
    return transactions, {**final, key: (*final[key], dice.choice(final[key]))}


def exchange(dice, transactions, final):
    """Exchange two values of a list that was seen."""
    seen = [part for one in transactions for part in one.reads if len(part.values) > 1]
    if not seen:
        return None
    part = dice.choice(seen)
    values = list(final[part.key])
    at = dice.randrange(len(part.values) - 1)
    values[at], values[at + 1] = values[at + 1], values[at]
    return transactions, {**final, part.key: tuple(values)}


def age(dice, transactions, final):
    """Hide from a read what its own process had written before."""
    own = [
        (other, part, one_part.value)
        for one in transactions
        for one_part in one.appends
        for other in transactions
        for part in other.reads
        if one.outcome is other.outcome is Outcome.OK
        and one.process == other.process
        and one.end < other.begin
        and one_part.value in part.values
    ]
    if not own:
        return None
    other, part, value = dice.choice(own)
    older = replace(part, values=part.values[: part.values.index(value)])
    parts = tuple(older if one is part else one for one in other.parts)
    return [replace(one, parts=parts) if one is other else one for one in transactions], final


def invent(dice, transactions, final):
    """Show a reader what nobody wrote."""
    reads = [(one, part) for one in transactions for part in one.reads]
    if not reads:
        return None
    reader, part = dice.choice(reads)
    strange = replace(part, values=(*part.values, 10**9))
    parts = tuple(strange if one is part else one for one in reader.parts)
    return [replace(one, parts=parts) if one is reader else one for one in transactions], final


@pytest.mark.parametrize("mutate", [forget, deny, repeat, exchange, age, invent])
def test_mutated_executions_are_rejected(mutate):
    """A history with one thing made wrong is rejected, wherever it is."""

    @given(histories())
    @settings(max_examples=100, deadline=None)
    def holds(history):
        seed, transactions, final = history
        mutated = mutate(random.Random(seed), transactions, final)  # noqa: S311
        if mutated is not None:
            nonlocal mutations
            mutations += 1
            assert check(History(*mutated, age_s_max=AGE_S)) != ()

    mutations = 0
    holds()
    assert mutations > 20
