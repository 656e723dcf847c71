"""Operators and their values, and trees of conditions.

Source: shared reference "PostgREST: the language that we speak", section 3.
"""

from typing import Any, Final, TypeVar

from changeover.engine.combinator import (
    Outcome,
    Parser,
    attempt,
    between,
    char,
    constant,
    first,
    first_of,
    label,
    maybe,
    meaning,
    none_of,
    not_followed_by,
    rest,
    run_without,
    separated,
    sequence,
    word,
)
from changeover.engine.draft import ConditionDraft, FilterDraft, LogicDraft, OperationDraft
from changeover.engine.name_grammar import comma, delimiter, field, identifier, lexeme, quoted

T = TypeVar("T")

SIMPLE: Final = ("neq", "cs", "cd", "ov", "sl", "sr", "nxr", "nxl", "adj")
"""Operators without a quantifier."""

QUANTIFIED: Final = ("eq", "gte", "gt", "lte", "lt", "like", "ilike", "match", "imatch")
"""Operators that `(any)` and `(all)` may follow."""

TEXT_SEARCH: Final = ("fts", "plfts", "phfts", "wfts")

WORDS: Final = ("null", "not_null", "true", "false", "unknown")
"""What `is` may be followed by, in any case."""

_run: Final = run_without(",)")

_marked: Final = attempt(first(quoted, not_followed_by(none_of(",)"))))
"""A quoted text, if the value ends behind it."""

_element: Final = first_of(_marked, _run)

elements: Final = sequence(
    tuple[str, ...],
    between(lexeme(char("(")), lexeme(char(")")), separated(_element, comma)),
)
"""What `in` compares with."""

_braced: Final = attempt(
    sequence(
        lambda opening, inner, closing: opening + inner + closing,
        word("{"),
        run_without("{}"),
        word("}"),
    )
)
"""An array without an array inside; it may hold commas."""

_tree_value: Final = first_of(_marked, _braced, _run)


def _either(words: tuple[str, ...]) -> Parser[str]:
    return first_of(*(attempt(word(one)) for one in words))


def _any_case(text: str) -> Parser[str]:
    characters = (
        first_of(char(one), char(one.upper())) if one.isalpha() else char(one) for one in text
    )
    return attempt(meaning(sequence(lambda *_: None, *characters), text))


_word: Final = label(
    first_of(*(_any_case(one) for one in WORDS)),
    "isVal: (null, not_null, true, false, unknown)",
)

_config: Final = maybe(attempt(between(char("("), char(")"), identifier)))

_quantifier: Final = maybe(
    attempt(between(char("("), char(")"), first_of(attempt(word("any")), word("all"))))
)


def _prefixed(operator: str, value: Parser[T]) -> Parser[OperationDraft]:
    """Read an operator that nothing can come between and its dot."""
    return sequence(
        lambda _, read: OperationDraft(operator, read),
        attempt(first(word(operator), delimiter)),
        value,
    )


def operation(value: Parser[str]) -> Parser[OperationDraft]:
    """Return the grammar of an operator with its value.

    Args:
        value: What a plain value is here.
    """
    search = sequence(
        lambda operator, config, _, text: OperationDraft(operator, text, config=config),
        _either(TEXT_SEARCH),
        _config,
        delimiter,
        value,
    )
    simple = sequence(
        lambda operator, _, text: OperationDraft(operator, text),
        label(_either(SIMPLE), "unknown single value operator"),
        delimiter,
        value,
    )
    quantified = sequence(
        lambda operator, quantifier, _, text: OperationDraft(operator, text, quantifier=quantifier),
        label(_either(QUANTIFIED), "unknown single value operator"),
        _quantifier,
        delimiter,
        value,
    )
    positive = label(
        first_of(
            _prefixed("in", elements),
            _prefixed("is", _word),
            _prefixed("isdistinct", value),
            attempt(search),
            attempt(simple),
            attempt(quantified),
        ),
        "operator (eq, gt, ...)",
    )
    return sequence(lambda is_negated, read: read._replace(is_negated=is_negated), _not, positive)


_negation: Final = attempt(meaning(first(word("not"), delimiter), value=True))

_not: Final = first_of(_negation, constant(value=False))

filter_value: Final = operation(rest)
"""The value of a filter's key: all behind the operator's dot is the value."""

argument: Final = maybe(filter_value)
"""The value of a key of a call by GET: None where it is an argument."""


def tree(text: str, at: int) -> Outcome[ConditionDraft]:
    """Read a condition or a tree of them."""
    return _tree(text, at)


_condition: Final = sequence(
    lambda column, _, read: FilterDraft(column, read),
    field,
    delimiter,
    operation(_tree_value),
)

_operator: Final = label(first_of(attempt(word("and")), word("or")), "logic operator (and, or)")

_group: Final = sequence(
    lambda is_negated, operator, children: LogicDraft(operator, is_negated, tuple(children)),
    label(_not, "negation operator (not)"),
    _operator,
    between(lexeme(char("(")), lexeme(char(")")), separated(tree, lexeme(comma))),
)

_tree: Final[Parser[Any]] = first_of(attempt(_condition), _group)
