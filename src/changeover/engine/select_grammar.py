"""`select`: columns, aggregates and embeds.

Source: shared reference "PostgREST: the language that we speak", section 3.
"""

import re
from typing import Final, TypeAlias

from changeover.engine.combinator import (
    Outcome,
    Parser,
    Trouble,
    attempt,
    between,
    char,
    end_of_input,
    failed,
    first,
    first_of,
    look_ahead,
    maybe,
    not_followed_by,
    option,
    second,
    separated,
    sequence,
    word,
)
from changeover.engine.draft import EmbedDraft, FieldDraft, SelectDraft
from changeover.engine.name_grammar import comma, field, identifier, lexeme, name

Items: TypeAlias = tuple[SelectDraft | EmbedDraft, ...]

_alias: Final = maybe(attempt(first(name, char(":"), not_followed_by(char(":")))))

_end: Final = first_of(
    attempt(look_ahead(word(")"))), attempt(look_ahead(word(","))), attempt(end_of_input)
)

_cast: Final = maybe(second(word("::"), identifier))

_aggregate: Final = maybe(
    attempt(
        between(
            char("."),
            word("()"),
            first_of(
                word("sum"), word("avg"), word("count"), attempt(word("max")), attempt(word("min"))
            ),
        )
    )
)

_star: Final = first(word("*"), _end)

_count: Final = sequence(
    lambda alias, _, cast, __: SelectDraft(
        None, alias=alias, aggregate="count", aggregate_cast=cast
    ),
    _alias,
    word("count()"),
    _cast,
    _end,
)

_field: Final = sequence(
    lambda alias, column, cast, aggregate, aggregate_cast, _: SelectDraft(
        column, alias, cast, aggregate, aggregate_cast
    ),
    _alias,
    field,
    _cast,
    _aggregate,
    _cast,
    _end,
)

_column: Final = lexeme(
    first_of(
        attempt(sequence(lambda _: SelectDraft(FieldDraft("*")), _star)),
        attempt(_count),
        _field,
    )
)

_JOINS: Final = ("left", "inner")

_parameter: Final = second(
    char("!"),
    first_of(
        *(attempt(sequence(lambda join: (join, None), word(join))) for join in _JOINS),
        attempt(sequence(lambda hint: (None, hint), name)),
    ),
)
"""What stands behind `!`: a join, or a hint; one that begins like a join must be quoted."""

_opening: Final = attempt(look_ahead(word("(")))


def _target(text: str, at: int) -> Outcome[str]:
    """Read the name of an embed; `count` is none, so that `count()` is an aggregate."""
    found = name(text, at)
    if found.is_ok and found.value == "count":
        return failed(found.trouble, has_consumed=True)
    return found


_Parameter: TypeAlias = tuple[str | None, str | None] | None


def _embed(alias: str | None, target: str, *more: _Parameter, is_spread: bool) -> EmbedDraft:
    given = [one for one in more if one is not None]
    return EmbedDraft(
        name=target,
        alias=alias,
        hint=next((hint for _, hint in given if hint is not None), None),
        join=next((join for join, _ in given if join is not None), None),
        is_spread=is_spread,
        select=(),
    )


_spread: Final = lexeme(
    sequence(
        lambda _, target, one, two, __: _embed(None, target, one, two, is_spread=True),
        word("..."),
        name,
        maybe(_parameter),
        maybe(_parameter),
        _opening,
    )
)

_relation: Final = lexeme(
    sequence(
        lambda alias, target, one, two, _: _embed(alias, target, one, two, is_spread=False),
        _alias,
        _target,
        maybe(_parameter),
        maybe(_parameter),
        _opening,
    )
)


def items(text: str, at: int) -> Outcome[Items]:
    """Read `select`, or what stands in an embed's brackets; nothing is no item."""
    return _items(text, at)


def _tree(head: Parser[EmbedDraft]) -> Parser[SelectDraft | EmbedDraft]:
    return sequence(
        lambda embed, select: embed._replace(select=select),
        attempt(head),
        between(char("("), char(")"), items),
    )


_PLAIN: Final = re.compile(r"(\*|[A-Za-z0-9_]+)(?=,)")

_any_item: Final[Parser[SelectDraft | EmbedDraft]] = first_of(
    _tree(_spread), _tree(_relation), _column
)


def _item(text: str, at: int) -> Outcome[SelectDraft | EmbedDraft]:
    """Read an item; a plain column before a comma at once, since none of its errors can be told."""
    plain = _PLAIN.match(text, at)
    if plain is None:
        return _any_item(text, at)
    draft = SelectDraft(FieldDraft(plain[1]))
    end = plain.end()
    return Outcome(is_ok=True, has_consumed=True, value=draft, at=end, trouble=Trouble(end))


_items: Final[Parser[Items]] = sequence(
    tuple[SelectDraft | EmbedDraft, ...], option(separated(_item, lexeme(comma)), [])
)
