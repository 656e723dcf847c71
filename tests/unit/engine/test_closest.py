"""The closest name is the one that Haskell's fuzzyset would give."""

import pytest

from changeover.engine.closest import SCORE_NAME_MIN, closest, closest_other

NAMES = ("films", "directors", "roles", "actors")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("films", "films"),
        ("FILMS", "films"),
        ("film", "films"),
        ("role", "roles"),
        ("direktors", "directors"),
        ("noclosealternative", None),
        ("", None),
        ("%%%", None),
    ],
)
def test_a_near_name_is_found(text, found):
    """Equal in any case, or near by edit distance, else none."""
    assert closest(text, NAMES) == found


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("testt", "test", "test"),  # 1 - 1/5 = 0.8
        ("tesst", "test", "test"),
        ("tests1", "test", None),  # 1 - 2/6 = 0.67
        ("abcd", "abce", "abce"),  # 1 - 1/4 = 0.75, the least itself
        ("other", "another", None),  # 1 - 2/7 = 0.71
    ],
)
def test_the_least_score_of_a_name(text, name, found):
    """A table's or function's name must score at least 0.75."""
    assert closest(text, [name], SCORE_NAME_MIN) == found


def test_candidates_share_a_gram():
    """A name that shares no two letters in a row is no candidate, whatever its score."""
    assert closest("xaxbxcx", ["yaybycy"]) is None


def test_two_grams_serve_where_three_find_nothing():
    """Short names are found by pairs of letters."""
    assert closest("ab", ["ac"]) == "ac"


def test_punctuation_counts_in_the_score_only():
    """Grams are of letters, digits, blanks and commas; the score is of the whole text."""
    assert closest(",,", ["a,,b"]) == "a,,b"
    assert closest("..", ["a..b"]) is None
    assert closest("(vall, pqaram, nam)", ["(name, param, val)", "(id)"]) == "(name, param, val)"


def test_the_name_keeps_its_case():
    """What is returned is the name as it was given."""
    assert closest("клиенты", ["Клиенты"]) == "Клиенты"
    assert closest("КЛИЕНТ", ["Клиенты"]) == "Клиенты"


def test_ties_go_to_the_lesser_name():
    """Equal scores have one answer, however the names come."""
    assert closest("item1", ["item3", "item2"]) == closest("item1", ["item2", "item3"]) == "item2"


def test_an_equal_name_is_no_other():
    """Where the text itself is among the names, no other is suggested."""
    assert closest_other("films", NAMES) is None
    assert closest_other("film", NAMES) == "films"


def test_a_very_long_text_costs_nothing():
    """A text of a megabyte is answered without its edit distance."""
    assert closest("films" * 200_000, NAMES) is None
    assert closest("films", []) is None
