"""Marks of a process's writes, and the tokens that clear them."""

from changeover.routing.own_write import OwnWrites
from changeover.routing.token import AGAIN_S, WAITING_MAX, Tokens


def test_a_mark_is_cleared_by_an_answer_to_a_later_token_only():
    """An answer to what was put before the write says nothing of it."""
    own = OwnWrites()
    before = own.issue()
    own.mark()
    own.answer(before)
    assert not own.is_clean
    own.answer(own.issue())
    assert own.is_clean


def test_an_older_mark_does_not_replace_a_newer():
    """Writers that end in another order than they were counted in leave the highest mark."""
    own = OwnWrites()
    first, second = own.issue(), own.issue()
    own.mark(second)
    own.mark(first)
    own.answer(first)
    assert not own.is_clean
    own.answer(second)
    assert own.is_clean


def test_a_doubt_lasts_its_time_and_then_asks_for_a_token():
    """Answers meanwhile don't clear it; afterwards only an answer to a new count does."""
    own = OwnWrites()
    own.doubt(until_s=10.0)
    own.answer(own.issue())
    own.settle(9.9)
    assert not own.is_clean
    own.settle(10.0)
    assert not own.is_clean
    own.answer(own.issued)
    assert own.is_clean


def test_a_second_doubt_prolongs_the_first():
    """The later end counts, whichever was told first."""
    own = OwnWrites()
    own.doubt(20.0)
    own.doubt(10.0)
    own.settle(15.0)
    assert not own.is_waiting


def test_one_token_stands_for_all_that_wait():
    """A token is due once for a count, again when it is late, and never without need."""
    tokens = Tokens()
    assert not tokens.is_due(issued=3, answered=3, now=100.0)
    assert tokens.is_due(issued=3, answered=0, now=100.0)
    tokens.put("a", 3, 100.0)
    assert not tokens.is_due(issued=3, answered=0, now=100.0)
    assert tokens.is_due(issued=4, answered=0, now=100.0)
    assert tokens.is_due(issued=3, answered=0, now=100.0 + AGAIN_S)
    assert (tokens.answer("a"), tokens.answer("a"), tokens.answer("another's")) == (3, 0, 0)


def test_waiting_tokens_are_bounded():
    """While so many wait none is added, unless they are late; then the oldest goes."""
    tokens = Tokens()
    for number in range(WAITING_MAX):
        tokens.put(str(number), number + 1, 100.0)
    assert not tokens.is_due(issued=99, answered=0, now=100.0)
    assert tokens.is_due(issued=99, answered=0, now=100.0 + AGAIN_S)
    tokens.put("late", 99, 103.0)
    assert len(tokens.waiting) == WAITING_MAX
    assert "0" not in tokens.waiting
