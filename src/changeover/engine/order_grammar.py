"""`order`: columns, and columns of embeds.

Source: shared reference "PostgREST: the language that we speak", section 3.
"""

from typing import Final

from changeover.engine.combinator import (
    Parser,
    attempt,
    between,
    char,
    end_of_input,
    first,
    first_of,
    look_ahead,
    maybe,
    meaning,
    second,
    separated,
    sequence,
    word,
)
from changeover.engine.draft import OrderDraft
from changeover.engine.name_grammar import comma, delimiter, field, lexeme, name


def _dotted(*words: str) -> Parser[str]:
    return first_of(*(attempt(second(delimiter, word(one))) for one in words))


_direction: Final = maybe(_dotted("asc", "desc"))

_end: Final = first_of(attempt(look_ahead(char(","))), attempt(end_of_input))

_nulls: Final = first_of(
    first(maybe(_dotted("nullsfirst", "nullslast")), _end), meaning(_end, None)
)

_column: Final = sequence(
    lambda column, direction, nulls: OrderDraft(column, None, direction, nulls),
    field,
    _direction,
    _nulls,
)

_related: Final = sequence(
    lambda relation, column, direction, nulls: OrderDraft(column, relation, direction, nulls),
    name,
    between(char("("), char(")"), field),
    _direction,
    _nulls,
)

terms: Final = sequence(
    tuple[OrderDraft, ...],
    separated(lexeme(first_of(attempt(_related), _column)), comma),
)
