"""The value that a sequence is set to before its side becomes the primary."""

from hypothesis import given
from hypothesis import strategies as st

from changeover.catalog.values import Sequence
from changeover.model.name import TableName
from changeover.transfer.sequence import next_value

BIGINT = 2**63
BOUND = st.integers(-50, 50) | st.integers(-BIGINT, BIGINT - 1)


@st.composite
def sequences(draw, increment):
    """Give a sequence as PostgreSQL would accept it."""
    low, high = sorted(draw(st.lists(BOUND, min_size=2, max_size=2, unique=True)))
    return Sequence(
        name=TableName("public", "s"),
        last_value=draw(st.none() | st.integers(low, high)),
        start=low if increment > 0 else high,
        increment=increment,
        minimum=low,
        maximum=high,
        cache=draw(st.integers(1, 20)),
        is_cycled=draw(st.booleans()),
        owner_table=None,
        owner_column=None,
    )


@st.composite
def cases(draw):
    """Give what `next_value` is asked: both sides' sequences run the same way."""
    increment = draw(st.integers(-7, 7).filter(bool))
    return (
        draw(sequences(increment)),
        draw(st.none() | sequences(increment)),
        draw(st.integers(0, 100)),
        draw(st.none() | BOUND),
    )


def can_be_given(here, value):
    """Return whether a sequence may ever give a value, were it at its beginning."""
    return here.minimum <= value <= here.maximum


def in_use(here, there, highest):
    """Return the values that a sequence must pass, but those before its beginning."""
    found = [s.last_value for s in (here, there) if s is not None and s.last_value is not None]
    if highest is not None and can_be_given(here, highest):
        found.append(highest)
    beginning = here.minimum if here.increment > 0 else here.maximum
    return [one for one in found if (one - beginning) * here.increment >= 0]


def furthest(here, values):
    """Return the value that a sequence would give last of all."""
    return max(values) if here.increment > 0 else min(values)


@given(cases())
def test_the_value_is_one_that_setval_takes(case):
    """The result is within the sequence's bounds, or None."""
    value = next_value(*case)
    assert value is None or can_be_given(case[0], value)


@given(cases())
def test_no_value_in_use_is_given_again(case):
    """What the sequence gives next is beyond every value that either side has given or holds."""
    here, there, gap, highest = case
    value = next_value(here, there, gap, highest)
    values = in_use(here, there, highest)
    assert (value is None) == (not values)
    if value is not None and can_be_given(here, value + here.increment):
        assert all((value + here.increment - one) * here.increment > 0 for one in values)


@given(cases())
def test_a_sequence_is_ended_only_by_values_that_stand_at_its_end(case):
    """A sequence that has a value to give still has one, unless what is in use leaves none."""
    here, there, gap, highest = case
    value = next_value(here, there, gap, highest)
    if value is not None and not can_be_given(here, value + here.increment):
        last = furthest(here, in_use(here, there, highest))
        assert not can_be_given(here, last + here.increment)


@given(cases())
def test_the_gap_is_left_where_there_is_room(case):
    """What is in use is passed by the gap and one cache, to the step."""
    here, there, gap, highest = case
    values = in_use(here, there, highest)
    steps = gap + max(here.cache, there.cache if there is not None else 1)
    wanted = furthest(here, values) + here.increment * steps if values else None
    if wanted is not None and can_be_given(here, wanted + here.increment):
        assert next_value(here, there, gap, highest) == wanted
