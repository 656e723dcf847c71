"""The parameters of a query string: what each key means, and what its value says.

Texts that are shape (a select, an order, the key of a filter) come again and again and are
remembered; values are read each time.

Source: shared reference "PostgREST: the language that we speak", section 3.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from typing import Final, TypeVar, cast

from changeover.engine import (
    filter_grammar,
    name_grammar,
    order_grammar,
    place,
    select_grammar,
    shortcut,
    wording,
)
from changeover.engine.draft import OperationDraft
from changeover.engine.place import Values
from changeover.engine.query_string import Pairs
from changeover.engine.syntax import (
    Condition,
    Field,
    Filter,
    OrderTerm,
    Path,
    SelectField,
    SelectItem,
    Slot,
)

_Function = TypeVar("_Function", bound=Callable[..., object])

_REMEMBERED: Final = 1024
_REMEMBERED_CHARACTERS_MAX: Final = 4096

_RESERVED: Final = {
    "order": "order",
    "limit": "limit",
    "offset": "offset",
    "and": "logic",
    "or": "logic",
}

ALL: Final[tuple[SelectItem, ...]] = (SelectField(field=Field("*")),)
"""What is selected where nothing is said."""


def remembered(function: _Function) -> _Function:
    """Remember what a function returns for texts that are not too long."""
    known = lru_cache(maxsize=_REMEMBERED)(function)

    @wraps(function)
    def call(text: str, *more: object) -> object:
        if len(text) > _REMEMBERED_CHARACTERS_MAX:
            return function(text, *more)
        return known(text, *more)

    return cast("_Function", call)


@dataclass(slots=True, kw_only=True)
class Query:
    """What a query string says, while it is read.

    Attributes:
        limits: By the key of each level, the last value.
        offsets: The same, by the key that the level's limit would have.
    """

    select: tuple[SelectItem, ...] = ALL
    filters: list[Filter] = field(default_factory=list)
    embed_filters: list[tuple[Path, Filter]] = field(default_factory=list)
    logic: list[tuple[Path, Condition]] = field(default_factory=list)
    orders: dict[Path, tuple[OrderTerm, ...]] = field(default_factory=dict)
    columns: tuple[str, ...] | None = None
    on_conflict: tuple[str, ...] | None = None
    arguments: list[tuple[str, Slot]] = field(default_factory=list)
    limits: dict[str, str] = field(default_factory=dict)
    offsets: dict[str, str] = field(default_factory=dict)


def read(pairs: Pairs, values: Values, *, is_call: bool) -> Query:
    """Return what a query string says.

    Args:
        pairs: Its keys and values.
        values: Where values get their slots.
        is_call: Whether values that start as no operator are arguments.

    Raises:
        Refusal: PGRST100, of the first kind that fails: orders, logic, columns, select, filters,
            on_conflict.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    named: dict[str, str | None] = {}
    for key, value in pairs:
        kind = _kind(key)
        if kind == "named":
            named.setdefault(key, value)
        elif value is not None:
            found.setdefault(kind, []).append((key, value))
    query = Query()
    for key, value in found.get("order", ()):
        _read_order(query, key, value, values)
    for key, value in found.get("logic", ()):
        query.logic.append(_logic(key, value, values))
    query.columns = _names(named.get("columns"), "columns parameter")
    query.select = _select(named.get("select"), values)
    for key, value in found.get("filter", ()):
        _read_filter(query, key, value, values, is_call=is_call)
    query.on_conflict = _names(named.get("on_conflict"), "on_conflict parameter")
    query.limits = dict(found.get("limit", ()))
    query.offsets = {_limit_key(key): value for key, value in found.get("offset", ())}
    return query


@remembered
def _kind(key: str) -> str:
    if key in ("select", "columns", "on_conflict"):
        return "named"
    return _RESERVED.get(key.rpartition(".")[2], "filter")


def _limit_key(key: str) -> str:
    """Return the key of the limit that belongs to an offset's."""
    return key.removesuffix("offset") + "limit"


def _select(text: str | None, values: Values) -> tuple[SelectItem, ...]:
    if text is None:
        return ALL
    items, keys = _select_at(text, values.end)
    values.take(keys)
    return items or ALL


@remembered
def _select_at(text: str, base: Slot) -> tuple[tuple[SelectItem, ...], tuple[str | bytes, ...]]:
    drafts = wording.parse(select_grammar.items, text, "select parameter")
    values = Values(base)
    return place.select(drafts, values), tuple(values.found)


def _names(text: str | None, what: str) -> tuple[str, ...] | None:
    return None if text is None else _names_of(text, what)


@remembered
def _names_of(text: str, what: str) -> tuple[str, ...]:
    return wording.parse(name_grammar.names, text, what)


def _read_order(query: Query, key: str, text: str, values: Values) -> None:
    path = embed_path(key)
    terms, keys = _order_at(text, values.end)
    if path not in query.orders:
        values.take(keys)
        query.orders[path] = terms


@remembered
def _order_at(text: str, base: Slot) -> tuple[tuple[OrderTerm, ...], tuple[str | bytes, ...]]:
    drafts = wording.parse(order_grammar.terms, text, "order")
    values = Values(base)
    return place.order(drafts, values), tuple(values.found)


@remembered
def embed_path(key: str) -> Path:
    """Return the embeds that a key of an order or window leads to.

    Args:
        key: The whole key; its last name is not looked at.

    Raises:
        Refusal: PGRST100.
    """
    path, _ = wording.parse(name_grammar.tree_path, key, "tree path")
    return path


def _read_filter(query: Query, key: str, text: str, values: Values, *, is_call: bool) -> None:
    path, column, keys = _field_at(key, values.end)
    draft = _operation(text, is_call=is_call)
    if draft is None:
        query.arguments.append((column.name, values.add(text)))
        return
    values.take(keys)
    condition = Filter(column, place.operation(draft, values))
    if path:
        query.embed_filters.append((path, condition))
    else:
        query.filters.append(condition)


@remembered
def _field_at(key: str, base: Slot) -> tuple[Path, Field, tuple[str | bytes, ...]]:
    path, draft = wording.parse(name_grammar.tree_path, key, "tree path")
    values = Values(base)
    return path, place.field(draft, values), tuple(values.found)


def _operation(text: str, *, is_call: bool) -> OperationDraft | None:
    """Return an operation, or None for an argument of a call."""
    plain = shortcut.operation(text)
    if plain is not None:
        return plain
    if not is_call:
        return wording.parse(filter_grammar.filter_value, text, "filter")
    if shortcut.is_argument(text):
        return None
    return wording.parse(filter_grammar.argument, text, "filter")


def _logic(key: str, text: str, values: Values) -> tuple[Path, Condition]:
    path, operator = _logic_key(key)
    whole = operator + text
    draft = shortcut.tree(whole)
    if draft is None:
        draft = wording.parse(filter_grammar.tree, whole, "logic tree", text)
    return path, place.condition(draft, values)


@remembered
def _logic_key(key: str) -> tuple[Path, str]:
    return wording.parse(name_grammar.logic_path, key, "logic path")
