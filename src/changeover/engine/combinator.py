"""Parsers that are put together from smaller ones, and that fail in the words of Parsec.

PostgREST shows a client what Parsec says of a query string, so which of several failures is told,
at which column and with which expectations, must come out as Parsec has it: a parser that has
consumed input commits, what was expected at the same place is joined, a label replaces what a
parser that consumed nothing would have expected.

It must not know what is parsed: the grammars are other modules'.

Source: Leijen and Meijer, "Parsec: Direct Style Monadic Parser Combinators For The Real World"
(2001), sections 3 and 4; parsec 3.1 for `many`, which forgets what its last item could still take.
"""

from collections.abc import Callable
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

from changeover.engine.haskell_text import shown, shown_character

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

SYSTEM: Final = 0
"""A character that fits nowhere, as it is; told only where nothing stronger is known."""

UNEXPECTED: Final = 1
"""Something that a parser has read and refused."""

EXPECTED: Final = 2
"""What would have fitted."""


class Note(NamedTuple):
    """One part of an error: its rank and what it says."""

    rank: int
    text: str


class Trouble(NamedTuple):
    """Why a parser failed, or what else it could have taken; without notes nothing is known."""

    at: int
    notes: tuple[Note, ...] = ()


class Outcome(NamedTuple, Generic[T_co]):
    """What a parser returns.

    Attributes:
        value: What was read; of no meaning after a failure.
        at: Where the next parser goes on.
        has_consumed: Whether input was taken, so that no alternative is tried.
    """

    is_ok: bool
    has_consumed: bool
    value: T_co
    at: int
    trouble: Trouble


Parser: TypeAlias = Callable[[str, int], Outcome[T]]
"""Reads a text from a place on."""


def merge(first: Trouble, second: Trouble) -> Trouble:
    """Join two errors: one that says something wins, then the one further on."""
    if not second.notes and first.notes:
        return first
    if not first.notes and second.notes:
        return second
    if first.at == second.at:
        return Trouble(first.at, first.notes + second.notes)
    return first if first.at > second.at else second


def failed(trouble: Trouble, *, has_consumed: bool = False) -> Outcome[Any]:
    """Return a failure."""
    return Outcome(
        is_ok=False, has_consumed=has_consumed, value=None, at=trouble.at, trouble=trouble
    )


def satisfy(test: Callable[[str], bool]) -> Parser[str]:
    """Read one character that passes a test."""

    def parse(text: str, at: int) -> Outcome[str]:
        if at >= len(text):
            return failed(Trouble(at, (Note(SYSTEM, ""),)))
        character = text[at]
        if not test(character):
            return failed(Trouble(at, (Note(SYSTEM, character),)))
        return Outcome(
            is_ok=True, has_consumed=True, value=character, at=at + 1, trouble=Trouble(at + 1)
        )

    return parse


def one_of(characters: str) -> Parser[str]:
    """Read one of some characters."""
    return satisfy(frozenset(characters).__contains__)


def none_of(characters: str) -> Parser[str]:
    """Read any character but some."""
    return satisfy(other_than(characters))


def other_than(characters: str) -> Callable[[str], bool]:
    """Return the test that a character is none of some."""
    refused = frozenset(characters)
    return lambda character: character not in refused


def run_without(characters: str) -> Parser[str]:
    """Read any number of characters that are none of some."""
    return run(none_of(characters), other_than(characters))


def char(character: str) -> Parser[str]:
    """Read one character, and expect it by name."""
    return label(satisfy(character.__eq__), shown(character))


def word(expected: str) -> Parser[str]:
    """Read a text; an error stands at its beginning, and a part of it is consumed."""
    note = Note(EXPECTED, shown(expected))

    def parse(text: str, at: int) -> Outcome[str]:
        if text.startswith(expected, at):
            end = at + len(expected)
            return Outcome(
                is_ok=True, has_consumed=True, value=expected, at=end, trouble=Trouble(end)
            )
        for count, character in enumerate(expected):
            found = text[at + count : at + count + 1]
            if found != character:
                notes = (note, Note(SYSTEM, found))
                return failed(Trouble(at, notes), has_consumed=count > 0)
        raise AssertionError("a text that differs has a character that differs")

    return parse


def rest(text: str, at: int) -> Outcome[str]:
    """Read all that is left."""
    end = len(text)
    trouble = Trouble(end, (Note(SYSTEM, ""),))
    return Outcome(is_ok=True, has_consumed=at < end, value=text[at:], at=end, trouble=trouble)


def constant(value: T) -> Parser[T]:
    """Read nothing and return a value."""

    def parse(_: str, at: int) -> Outcome[T]:
        return Outcome(is_ok=True, has_consumed=False, value=value, at=at, trouble=Trouble(at))

    return parse


def refuse(_: str, at: int) -> Outcome[Any]:
    """Fail without a word."""
    return failed(Trouble(at))


def sequence(build: Callable[..., T], *parsers: Parser[Any]) -> Parser[T]:
    """Read one after the other and build a value of what they return."""

    def parse(text: str, at: int) -> Outcome[T]:
        trouble = Trouble(at)
        has_consumed = False
        values = []
        for parser in parsers:
            found = parser(text, at)
            if found.has_consumed:
                has_consumed = True
                trouble = found.trouble
            else:
                trouble = merge(trouble, found.trouble)
            if not found.is_ok:
                return failed(trouble, has_consumed=has_consumed)
            at = found.at
            values.append(found.value)
        return Outcome(
            is_ok=True,
            has_consumed=has_consumed,
            value=build(*values),
            at=at,
            trouble=trouble,
        )

    return parse


def first_of(*parsers: Parser[T]) -> Parser[T]:
    """Try one after the other, as long as none has consumed."""

    def parse(text: str, at: int) -> Outcome[T]:
        trouble = Trouble(at)
        for parser in parsers:
            found = parser(text, at)
            if found.has_consumed:
                return found
            trouble = merge(trouble, found.trouble)
            if found.is_ok:
                return Outcome(
                    is_ok=True, has_consumed=False, value=found.value, at=found.at, trouble=trouble
                )
        return failed(trouble)

    return parse


def attempt(parser: Parser[T]) -> Parser[T]:
    """Let a failure count as if nothing had been consumed; its place is kept."""

    def parse(text: str, at: int) -> Outcome[T]:
        found = parser(text, at)
        return found if found.is_ok or not found.has_consumed else failed(found.trouble)

    return parse


def label(parser: Parser[T], expected: str) -> Parser[T]:
    """Name what a parser expects, where it has consumed nothing."""
    note = Note(EXPECTED, expected)

    def parse(text: str, at: int) -> Outcome[T]:
        found = parser(text, at)
        if found.has_consumed or (found.is_ok and not found.trouble.notes):
            return found
        others = [one for one in found.trouble.notes if one.rank != EXPECTED]
        trouble = Trouble(found.trouble.at, (note, *others))
        return Outcome(
            is_ok=found.is_ok, has_consumed=False, value=found.value, at=found.at, trouble=trouble
        )

    return parse


def option(parser: Parser[T], default: T) -> Parser[T]:
    """Read something, or return a default where it consumes nothing."""
    return first_of(parser, constant(default))


def maybe(parser: Parser[T]) -> Parser[T | None]:
    """Read something, or return None where it consumes nothing."""
    nothing: Parser[T | None] = constant(None)
    return first_of(parser, nothing)


def many(parser: Parser[T]) -> Parser[list[T]]:
    """Read something any number of times; it must consume."""

    def parse(text: str, at: int) -> Outcome[list[T]]:
        values: list[T] = []
        while True:
            found = parser(text, at)
            if not found.has_consumed:
                assert not found.is_ok, "what is read many times consumes"
                return Outcome(
                    is_ok=True,
                    has_consumed=bool(values),
                    value=values,
                    at=at,
                    trouble=found.trouble,
                )
            if not found.is_ok:
                return failed(found.trouble, has_consumed=True)
            values.append(found.value)
            at = found.at

    return parse


def many1(parser: Parser[T]) -> Parser[list[T]]:
    """Read something at least once."""
    return sequence(_prepended, parser, many(parser))


def separated(parser: Parser[T], separator: Parser[Any]) -> Parser[list[T]]:
    """Read something at least once, with separators between."""
    return sequence(_prepended, parser, many(second(separator, parser)))


def _prepended(head: T, tail: list[T]) -> list[T]:
    return [head, *tail]


def joined(parser: Parser[list[str]]) -> Parser[str]:
    """Read characters as one text."""
    return sequence("".join, parser)


def run(character: Parser[str], test: Callable[[str], bool]) -> Parser[str]:
    """Read characters as one text, any number of them.

    Args:
        character: Reads one of them; it is asked only where the text ends, what it would take.
        test: Tells the same of a character.
    """

    def parse(text: str, at: int) -> Outcome[str]:
        end = at
        while end < len(text) and test(text[end]):
            end += 1
        trouble = character(text, end).trouble
        return Outcome(
            is_ok=True, has_consumed=end > at, value=text[at:end], at=end, trouble=trouble
        )

    return parse


def run1(character: Parser[str], test: Callable[[str], bool]) -> Parser[str]:
    """Read characters as one text, at least one."""
    any_number = run(character, test)

    def parse(text: str, at: int) -> Outcome[str]:
        found = any_number(text, at)
        return found if found.has_consumed else failed(found.trouble)

    return parse


def first(parser: Parser[T], *more: Parser[Any]) -> Parser[T]:
    """Read all, return what the first returns."""
    return sequence(lambda value, *_: value, parser, *more)


def second(before: Parser[Any], parser: Parser[T]) -> Parser[T]:
    """Read both, return what the second returns."""
    return sequence(lambda _, value: value, before, parser)


def between(opening: Parser[Any], closing: Parser[Any], parser: Parser[T]) -> Parser[T]:
    """Read something between two others."""
    return sequence(lambda _, value, __: value, opening, parser, closing)


def meaning(parser: Parser[Any], value: T) -> Parser[T]:
    """Read something that stands for a value."""
    return sequence(lambda _: value, parser)


def look_ahead(parser: Parser[Any]) -> Parser[None]:
    """Check what comes without reading it; a failure may have consumed."""

    def parse(text: str, at: int) -> Outcome[None]:
        found = parser(text, at)
        if not found.is_ok:
            return found
        return Outcome(is_ok=True, has_consumed=False, value=None, at=at, trouble=Trouble(at))

    return parse


def not_followed_by(parser: Parser[str]) -> Parser[None]:
    """Fail where a character can be read; the error stands behind it."""

    def parse(text: str, at: int) -> Outcome[None]:
        found = parser(text, at)
        if found.is_ok:
            return failed(Trouble(found.at, (Note(UNEXPECTED, shown_character(found.value)),)))
        return Outcome(is_ok=True, has_consumed=False, value=None, at=at, trouble=found.trouble)

    return parse


def end_of_input(text: str, at: int) -> Outcome[None]:
    """Check that nothing is left."""
    expected = Note(EXPECTED, "end of input")
    if at < len(text):
        return failed(Trouble(at, (expected, Note(UNEXPECTED, shown_character(text[at])))))
    trouble = Trouble(at, (expected, Note(SYSTEM, "")))
    return Outcome(is_ok=True, has_consumed=False, value=None, at=at, trouble=trouble)


letter: Final = label(satisfy(str.isalpha), "letter")
digit: Final = label(one_of("0123456789"), "digit")
