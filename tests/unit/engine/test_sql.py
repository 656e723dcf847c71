"""SQL fragments: names quoted, values numbered."""

from changeover.engine.sql import (
    Fragment,
    bind,
    concat,
    ident,
    join,
    literal,
    qualified,
    raw,
    statement,
)
from changeover.model.name import TableName


def test_a_name_is_quoted():
    """A quote in a name is doubled, so that the name ends where it ends."""
    assert ident('a"; DROP TABLE x; --').parts == ('"a""; DROP TABLE x; --"',)


def test_a_name_ends_at_nul():
    """What follows a NUL is cut, as PostgreSQL cannot hold it."""
    assert ident("ab\0cd").parts == ('"ab"',)


def test_a_qualified_name_without_schema():
    """A name without a schema stands alone."""
    assert qualified(TableName("", "t")).parts == ('"t"',)
    assert qualified(TableName("s", "t")).parts == ('"s"."t"',)


def test_a_literal_with_backslashes():
    """A backslash means itself, whatever standard_conforming_strings says."""
    assert literal("it's").parts == ("'it''s'",)
    assert literal("a\\'b").parts == (" E'a\\\\''b'",)


def test_one_slot_has_one_number():
    """The same slot is the same parameter, so that GROUP BY knows the expression again."""
    made = statement(concat(raw("SELECT "), bind(7), raw(", "), bind(3), raw(", "), bind(7)))
    assert made.text == "SELECT $1, $2, $1"
    assert made.slots == (7, 3)


def test_empty_fragments_are_left_out_of_a_list():
    """A list has no separator beside nothing."""
    assert join(", ", (Fragment(), raw("a"), Fragment(), raw("b"))).parts == ("a", ", ", "b")
