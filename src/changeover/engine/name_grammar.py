"""Names, JSON paths and lists of names.

Source: shared reference "PostgREST: the language that we speak", section 3.
"""

from typing import Final, TypeVar

from changeover.engine.combinator import (
    Parser,
    attempt,
    between,
    char,
    digit,
    end_of_input,
    first,
    first_of,
    joined,
    label,
    letter,
    look_ahead,
    many,
    none_of,
    not_followed_by,
    one_of,
    option,
    other_than,
    run1,
    satisfy,
    second,
    separated,
    sequence,
    word,
)
from changeover.engine.draft import FieldDraft, StepDraft
from changeover.engine.haskell_text import SPACES

T = TypeVar("T")

_WORD_MARKS: Final = frozenset("0123456789_ $")

blanks: Final = many(one_of(" \t"))

delimiter: Final = label(char("."), "delimiter (.)")

comma: Final = char(",")


def lexeme(parser: Parser[T]) -> Parser[T]:
    """Read something with blanks around it."""
    return between(blanks, blanks, parser)


def is_in_word(character: str) -> bool:
    """Whether a character may stand in a name without quotes; marks may not."""
    return character.isalpha() or character in _WORD_MARKS


identifier: Final = sequence(
    lambda text: text.strip(" "),
    run1(first_of(letter, digit, one_of("_ $")), is_in_word),
)
"""A word; blanks inside of it belong to it."""

quoted: Final = between(
    char('"'),
    char('"'),
    joined(many(first_of(none_of('\\"'), second(char("\\"), satisfy(lambda _: True))))),
)
"""A text in double quotes; a backslash goes, what follows it stays."""

_dash: Final = attempt(first(char("-"), not_followed_by(char(">"))))


def _dashed(parser: Parser[str]) -> Parser[str]:
    return sequence("-".join, separated(parser, _dash))


name: Final = label(first_of(quoted, _dashed(identifier)), "field name (* or [a..z0..9_$])")

_KEY_ENDS: Final = "(-:.,>)"

_key_part: Final = sequence(
    lambda text: text.strip(SPACES), run1(none_of(_KEY_ENDS), other_than(_KEY_ENDS))
)

_key: Final = label(
    first_of(quoted, _dashed(_key_part)),
    "any non reserved character different from: .,>()",
)

_index_end: Final = first_of(
    *(attempt(look_ahead(word(end))) for end in ("->", "::", ".", ",")), attempt(end_of_input)
)

_index: Final = first(
    sequence(
        lambda sign, digits: sign + digits,
        option(char("-"), ""),
        run1(digit, frozenset("0123456789").__contains__),
    ),
    _index_end,
)

_step: Final = sequence(
    lambda arrow, operand: StepDraft(arrow, *operand),
    first_of(attempt(word("->>")), attempt(word("->"))),
    first_of(
        attempt(sequence(lambda key: (key, True), _index)),
        attempt(sequence(lambda key: (key, False), _key)),
    ),
)

json_path: Final = sequence(tuple[StepDraft, ...], many(_step))

field: Final = lexeme(sequence(FieldDraft, name, json_path))

tree_path: Final = sequence(
    lambda names, path: (tuple(names[:-1]), FieldDraft(names[-1], path)),
    separated(name, delimiter),
    json_path,
)
"""The key of a filter, order or window: the names of embeds, then a field."""

names: Final = sequence(tuple[str, ...], separated(name, lexeme(comma)))
"""`columns` and `on_conflict`."""


def _logic_path(path: list[str]) -> tuple[tuple[str, ...], str]:
    operator = path[-1]
    embeds = tuple(one for one in path[:-1] if one != "not")
    return embeds, f"not.{operator}" if "not" in path else operator


logic_path: Final[Parser[tuple[tuple[str, ...], str]]] = sequence(
    _logic_path, separated(name, delimiter)
)
"""The key of a logic tree: the names of embeds, and the operator with its negation."""
