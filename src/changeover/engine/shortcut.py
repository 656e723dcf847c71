"""Operators and logic trees of plain texts, read without the grammars.

Values differ from request to request, so these texts cannot be remembered as others are. What is
read here is what the grammars would read; whatever is not plain is left to them, errors included.

Source: shared reference "PostgREST: the language that we speak", section 3.
"""

import re
from typing import Final

from changeover.engine.draft import (
    ConditionDraft,
    FieldDraft,
    FilterDraft,
    LogicDraft,
    OperationDraft,
)
from changeover.engine.filter_grammar import QUANTIFIED, SIMPLE, TEXT_SEARCH, WORDS
from changeover.engine.name_grammar import is_in_word
from changeover.engine.wording import DEPTH_MAX

_OPERATOR: Final = re.compile(
    rf"(?P<negation>not\.)?(?:(?P<plain>in|is|isdistinct|{'|'.join(SIMPLE)})"
    rf"|(?P<quantified>{'|'.join(QUANTIFIED)})(?:\((?P<quantifier>any|all)\))?"
    rf"|(?P<search>{'|'.join(TEXT_SEARCH)})(?:\((?P<config>[A-Za-z0-9_$ ]+)\))?)\."
)

_DOUBTFUL: Final = re.compile(rf"(?:not|in|is)\.|(?:{'|'.join(TEXT_SEARCH)})\(")

_WORD: Final = re.compile("|".join(WORDS), re.IGNORECASE | re.ASCII)

_QUOTED: Final = r'"((?:[^\\"]|\\.)*)"(?![^,)])'

_LIST: Final = re.compile(r"[ \t]*\([ \t]*")
_ELEMENT: Final = re.compile(rf"(?:{_QUOTED}|([^,)]*))([,)])", re.DOTALL)

_TREE_VALUE: Final = re.compile(rf"{_QUOTED}|(\{{[^{{}}]*\}}|[^,)]*)", re.DOTALL)
_BLANKS: Final = re.compile(r"[ \t]*")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)

_NAME: Final = re.compile(r"[ \t]*([\w$]+)\.")
_GROUP: Final = re.compile(r"(not\.)?(and|or)[ \t]*\([ \t]*")
_AFTER: Final = re.compile(r"[ \t]*([,)])[ \t]*")


def operation(text: str) -> OperationDraft | None:
    """Return a filter's operator with its value; None where a grammar must tell."""
    found = _operation(text, 0, is_nested=False)
    return None if found is None else found[0]


def is_argument(text: str) -> bool:
    """Whether a value that is no plain operation starts as no operator at all."""
    return _DOUBTFUL.match(text) is None


def tree(text: str) -> ConditionDraft | None:
    """Return a condition or a tree of them; None where a grammar must tell."""
    if text.count("(") > DEPTH_MAX:
        return None
    found = _condition(text, 0)
    return None if found is None else found[0]


def _operation(text: str, at: int, *, is_nested: bool) -> tuple[OperationDraft, int] | None:
    found = _OPERATOR.match(text, at)
    if found is None:
        return None
    negation, plain, quantified, quantifier, search, config = found.groups()
    at = found.end()
    value: tuple[str | tuple[str, ...], int] | None
    if plain == "in":
        value = _elements(text, at)
    elif plain == "is":
        value = _word(text, at)
    else:
        value = _tree_value(text, at) if is_nested else (text[at:], len(text))
    if value is None:
        return None
    draft = OperationDraft(
        plain or quantified or search,
        value[0],
        negation is not None,
        quantifier,
        None if config is None else config.strip(" "),
    )
    return draft, value[1]


def _word(text: str, at: int) -> tuple[str, int] | None:
    found = _WORD.match(text, at)
    return None if found is None else (found[0].lower(), found.end())


def _elements(text: str, at: int) -> tuple[tuple[str, ...], int] | None:
    opening = _LIST.match(text, at)
    if opening is None:
        return None
    at = opening.end()
    elements: list[str] = []
    while (found := _ELEMENT.match(text, at)) is not None:
        marked, run, after = found.groups()
        elements.append(run if marked is None else _ESCAPED.sub(r"\1", marked))
        at = found.end()
        if after == ")":
            return tuple(elements), _end(_BLANKS, text, at)
    return None


def _tree_value(text: str, at: int) -> tuple[str, int]:
    found = _TREE_VALUE.match(text, at)
    assert found is not None, "a run may be empty"
    marked, run = found.groups()
    return run if marked is None else _ESCAPED.sub(r"\1", marked), found.end()


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()


def _condition(text: str, at: int) -> tuple[ConditionDraft, int] | None:
    name = _NAME.match(text, at)
    read = None if name is None else _operation(text, name.end(), is_nested=True)
    if name is not None and read is not None:
        if not (name[1].isascii() or all(map(is_in_word, name[1]))):
            return None
        return FilterDraft(FieldDraft(name[1]), read[0]), read[1]
    group = _GROUP.match(text, at)
    return None if group is None else _group(text, group)


def _group(text: str, head: re.Match[str]) -> tuple[ConditionDraft, int] | None:
    at = head.end()
    children: list[ConditionDraft] = []
    while (found := _condition(text, at)) is not None:
        child, at = found
        children.append(child)
        after = _AFTER.match(text, at)
        if after is None:
            return None
        at = after.end()
        if after[1] == ")":
            return LogicDraft(head[2], head[1] is not None, tuple(children)), at
    return None
