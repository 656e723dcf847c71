"""Parsers that are put together, and which of their errors is told."""

from changeover.engine.combinator import (
    EXPECTED,
    SYSTEM,
    UNEXPECTED,
    Note,
    Trouble,
    attempt,
    char,
    constant,
    end_of_input,
    first,
    first_of,
    label,
    look_ahead,
    many,
    not_followed_by,
    word,
)


def test_what_has_consumed_is_not_taken_back():
    """An alternative is tried only after a failure that took nothing, or was an attempt."""
    assert not first_of(word("ab"), word("ac"))("ac", 0).is_ok
    assert first_of(attempt(word("ab")), word("ac"))("ac", 0).value == "ac"


def test_expectations_at_one_place_are_joined():
    """They come in the order in which they were tried."""
    found = first_of(char("a"), char("b"))("c", 0)
    assert [note.text for note in found.trouble.notes if note.rank == EXPECTED] == ['"a"', '"b"']


def test_the_error_further_on_is_told():
    """An attempt that failed later hides what failed at its beginning."""
    found = first_of(attempt(first(char("a"), char("b"))), char("c"))("ad", 0)
    assert found.trouble == Trouble(1, (Note(EXPECTED, '"b"'), Note(SYSTEM, "d")))


def test_a_label_names_only_what_has_taken_nothing():
    """What failed inside of it keeps its own expectations, what knows nothing stays so."""
    labelled = label(first(char("a"), char("b")), "pair")
    assert Note(EXPECTED, "pair") in labelled("x", 0).trouble.notes
    assert Note(EXPECTED, "pair") not in labelled("ax", 0).trouble.notes
    assert label(constant(1), "one")("x", 0).trouble.notes == ()


def test_many_forgets_what_its_last_item_could_still_take():
    """Only what another item would need is told."""
    item = first(char("a"), many(char("b")))
    found = many(item)("abc", 0)
    assert [note.text for note in found.trouble.notes if note.rank == EXPECTED] == ['"a"']


def test_errors_of_a_text_stand_at_its_beginning():
    """A part of it is consumed all the same."""
    found = word("abc")("abx", 0)
    assert found.has_consumed
    assert found.trouble == Trouble(0, (Note(EXPECTED, '"abc"'), Note(SYSTEM, "x")))


def test_looking_ahead_takes_nothing():
    """Neither what it has seen nor what it might have seen is kept."""
    found = look_ahead(word("ab"))("ab", 0)
    assert (found.is_ok, found.has_consumed, found.at) == (True, False, 0)
    assert found.trouble == Trouble(0)


def test_what_must_not_follow_is_told_behind_itself():
    """The end of input is told where it should have been."""
    assert not_followed_by(char("a"))("a", 0).trouble == Trouble(1, (Note(UNEXPECTED, "'a'"),))
    assert end_of_input("a", 0).trouble.at == 0
