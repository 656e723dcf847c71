"""Parsing: what is printed reads back, shortcuts agree with grammars, nothing but refusals."""

import re
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from changeover.engine import (
    filter_grammar,
    name_grammar,
    order_grammar,
    select_grammar,
    shortcut,
    wording,
)
from changeover.engine.draft import (
    EmbedDraft,
    FieldDraft,
    FilterDraft,
    LogicDraft,
    OperationDraft,
    OrderDraft,
    SelectDraft,
    StepDraft,
)
from changeover.engine.message import Message
from changeover.engine.refusal import Refusal
from changeover.engine.request import parse
from changeover.engine.settings import ApiSettings, TransactionEnd

ANY_TEXT = st.text(max_size=8)
PLAIN = st.text("abzи09_$", min_size=1, max_size=6)
NAMES = PLAIN | ANY_TEXT


# The printer: every name and value that could be misread stands in quotes.


def quoted(text):
    """Return a name or value in quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def printed_step(step):
    """Return a step into JSON; an index bare."""
    return step.arrow + (step.key if step.is_index else quoted(step.key))


def printed_field(field):
    """Return a field."""
    return quoted(field.name) + "".join(map(printed_step, field.path))


def printed_operation(operation, *, is_nested):
    """Return an operation; in a tree its value in quotes."""
    value = operation.value
    if operation.operator == "in":
        value = f"({','.join(map(quoted, value))})"
    elif operation.operator != "is" and is_nested:
        value = quoted(value)
    negation = "not." if operation.is_negated else ""
    quantifier = f"({operation.quantifier})" if operation.quantifier else ""
    config = f"({operation.config})" if operation.config is not None else ""
    return f"{negation}{operation.operator}{quantifier}{config}.{value}"


def printed_condition(one):
    """Return a condition or a tree."""
    if isinstance(one, FilterDraft):
        return f"{printed_field(one.field)}.{printed_operation(one.operation, is_nested=True)}"
    inner = ",".join(map(printed_condition, one.children))
    return f"{'not.' if one.is_negated else ''}{one.operator}({inner})"


def printed_item(item):
    """Return an item of a select."""
    alias = "" if item.alias is None else f"{quoted(item.alias)}:"
    if isinstance(item, EmbedDraft):
        hint = "" if item.hint is None else f"!{quoted(item.hint)}"
        join = "" if item.join is None else f"!{item.join}"
        spread = "..." if item.is_spread else ""
        inner = ",".join(map(printed_item, item.select))
        return f"{spread}{alias}{quoted(item.name)}{hint}{join}({inner})"
    field = "count" if item.field is None else printed_field(item.field)
    cast = "" if item.cast is None else f"::{item.cast}"
    aggregate = "()" if item.field is None else f".{item.aggregate}()" if item.aggregate else ""
    more = "" if item.aggregate_cast is None else f"::{item.aggregate_cast}"
    return f"{alias}{field}{cast}{aggregate}{more}"


def printed_term(term):
    """Return a term of an order."""
    field = printed_field(term.field)
    if term.relation is not None:
        field = f"{quoted(term.relation)}({field})"
    return ".".join(one for one in (field, term.direction, term.nulls) if one is not None)


# Trees to print.

ARROWS = st.sampled_from(["->", "->>"])
INDEXES = st.builds(
    StepDraft, ARROWS, st.integers().map(str) | st.sampled_from(["00", "-0"]), st.just(value=True)
)
KEYS = st.builds(StepDraft, ARROWS, ANY_TEXT, st.just(value=False))
FIELDS = st.builds(FieldDraft, NAMES, st.lists(KEYS, max_size=2).map(tuple))


NOTHING = st.none()


def operations(operators, values, quantifiers=NOTHING, configs=NOTHING):
    """Give operations of some operators."""
    return st.builds(
        OperationDraft,
        st.sampled_from(operators),
        values,
        st.booleans(),
        quantifiers,
        configs,
    )


OPERATIONS = st.one_of(
    operations((*filter_grammar.SIMPLE, "isdistinct"), ANY_TEXT),
    operations(filter_grammar.QUANTIFIED, ANY_TEXT, st.sampled_from([None, "any", "all"])),
    operations(filter_grammar.TEXT_SEARCH, ANY_TEXT, configs=st.none() | PLAIN),
    operations(["is"], st.sampled_from(filter_grammar.WORDS)),
    operations(["in"], st.lists(ANY_TEXT, min_size=1, max_size=3).map(tuple)),
)
FILTERS = st.builds(FilterDraft, FIELDS, OPERATIONS)
CONDITIONS = st.recursive(
    FILTERS,
    lambda inner: st.builds(
        LogicDraft,
        st.sampled_from(["and", "or"]),
        st.booleans(),
        st.lists(inner, min_size=1, max_size=3).map(tuple),
    ),
    max_leaves=6,
)
CASTS = st.none() | PLAIN
COLUMNS = st.one_of(
    st.builds(SelectDraft, FIELDS, st.none() | NAMES, CASTS, st.none(), st.none()),
    st.builds(
        SelectDraft,
        FIELDS,
        st.none() | NAMES,
        CASTS,
        st.sampled_from(["sum", "avg", "max", "min", "count"]),
        CASTS,
    ),
    st.builds(SelectDraft, st.none(), st.none() | NAMES, st.none(), st.just("count"), CASTS),
)
TARGETS = NAMES.filter(lambda name: name != "count")


def embeds(inner):
    """Give embeds over what is selected of them."""
    rest = (st.none() | NAMES, st.sampled_from([None, "inner", "left"]))
    select = st.lists(inner, max_size=3).map(tuple)
    return st.builds(
        EmbedDraft, TARGETS, st.none() | NAMES, *rest, st.just(value=False), select
    ) | st.builds(EmbedDraft, NAMES, st.none(), *rest, st.just(value=True), select)


ITEMS = st.recursive(COLUMNS, lambda inner: inner | embeds(inner), max_leaves=8)
TERMS = st.builds(
    OrderDraft,
    FIELDS,
    st.none() | NAMES,
    st.sampled_from([None, "asc", "desc"]),
    st.sampled_from([None, "nullsfirst", "nullslast"]),
)


@given(st.lists(ITEMS, min_size=1, max_size=3).map(tuple))
def test_a_select_reads_back(items):
    """A printed select is the select."""
    text = ",".join(map(printed_item, items))
    assert wording.parse(select_grammar.items, text, "") == items


@given(st.lists(TERMS, min_size=1, max_size=3).map(tuple))
def test_an_order_reads_back(terms):
    """A printed order is the order."""
    text = ",".join(map(printed_term, terms))
    assert wording.parse(order_grammar.terms, text, "") == terms


@given(CONDITIONS)
def test_a_tree_reads_back(condition):
    """A printed tree is the tree."""
    assert wording.parse(filter_grammar.tree, printed_condition(condition), "") == condition


@given(OPERATIONS)
def test_an_operation_reads_back(operation):
    """A printed operation is the operation, by shortcut and by grammar."""
    text = printed_operation(operation, is_nested=False)
    assert wording.parse(filter_grammar.filter_value, text, "") == operation
    assert shortcut.operation(text) in (None, operation)


@given(st.lists(NAMES, max_size=3), NAMES, st.lists(KEYS | INDEXES, max_size=3))
def test_a_key_reads_back(path, name, steps):
    """A printed key is its path and field, indexes told from keys."""
    field = FieldDraft(name, tuple(steps))
    text = ".".join([*map(quoted, path), printed_field(field)])
    assert wording.parse(name_grammar.tree_path, text, "") == (tuple(path), field)


# Shortcuts and grammars.

WORDS = [
    *("not", "and", "or", "in", "is", "eq", "like", "isdistinct", "cs", "fts", "wfts", "neq"),
    *("null", "TRUE", "any", "all", "a", "b1", "я", "²", "*", " ", "\t", "\n", "-", ">"),
    *(".", ".", ".", ",", ",", "(", "(", ")", ")", '"', "\\", "{", "}", ":", "!", "0", "-1", "->>"),
]
PIECES = st.lists(st.sampled_from(WORDS), max_size=14).map("".join) | ANY_TEXT


def by_grammar(parser, text):
    """Return what a grammar reads, or the refusal."""
    try:
        return wording.parse(parser, text, "")
    except Refusal as refusal:
        return refusal


@given(st.lists(PIECES | PLAIN | ITEMS.map(printed_item), max_size=4).map(",".join))
def test_a_plain_column_changes_no_outcome(text):
    """A select reads the same, and fails in the same words, with plain columns read slowly."""
    found = by_grammar(select_grammar.items, text)
    with patch.object(select_grammar, "_PLAIN", re.compile("(?!)")):
        slow = by_grammar(select_grammar.items, text)
    if isinstance(found, Refusal):
        found, slow = ((one.message, one.details) for one in (found, slow))
    assert found == slow


@given(PIECES)
def test_a_shortcut_reads_an_operation_as_the_grammar_does(text):
    """Where it reads at all; and it reads nothing that the grammar refuses."""
    found = shortcut.operation(text)
    assert found is None or found == by_grammar(filter_grammar.filter_value, text)


@given(PIECES)
def test_a_shortcut_knows_arguments_as_the_grammar_does(text):
    """What is taken for an argument starts as no operator."""
    if shortcut.operation(text) is None and shortcut.is_argument(text):
        assert by_grammar(filter_grammar.argument, text) is None


@given(PIECES | CONDITIONS.map(printed_condition), st.sampled_from(["or", "not.and", ""]))
def test_a_shortcut_reads_a_tree_as_the_grammar_does(text, operator):
    """Where it reads at all; and it reads nothing that the grammar refuses."""
    found = shortcut.tree(operator + text)
    assert found is None or found == by_grammar(filter_grammar.tree, operator + text)


# Anything at all.

KEYS_OF_QUERIES = st.sampled_from(
    [
        "select",
        "order",
        "or",
        "not.and",
        "columns",
        "on_conflict",
        "limit",
        "offset",
        "a",
        "x.a",
        "x.order",
        "x.limit",
        "x.offset",
        "x.or",
        "a->b",
        '"',
    ]
)
QUERIES = (
    st.lists(
        st.tuples(KEYS_OF_QUERIES | PIECES, PIECES | st.integers().map(str)).map("=".join),
        max_size=4,
    ).map("&".join)
    | st.text()
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            ["accept", "prefer", "range", "content-type", "accept-profile", "content-profile"]
        ),
        st.sampled_from(
            [
                "text/csv",
                "application/x-www-form-urlencoded",
                "text/plain",
                "handling=strict",
                "max-affected=1",
                "0-4",
                "5-2",
                "public",
                "application/octet-stream",
            ]
        )
        | st.text(st.characters()),
    ),
    max_size=3,
).map(tuple)
PATHS = st.sampled_from(["/note", "/rpc/f", "/", "", "/rpc/", "/%FF"]) | st.text(st.characters())
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]) | st.text()
BODIES = st.one_of(
    st.binary(),
    st.text().map(str.encode),
    st.lists(
        st.sampled_from(['"', ",", "\n", "\r", "a", "NULL", "[", "]", "{", "}", ":", "1"])
    ).map(lambda parts: "".join(parts).encode()),
    st.sampled_from([b"{}", b"[]", b'{"a":1}', b'[{"a":1},{"b":1}]', b"a=1&b=%FF", b"a\n1"]),
)
SETTINGS = st.sampled_from(
    [
        ApiSettings(),
        ApiSettings(schemas=("public", "other"), transaction_end=TransactionEnd.ROLLBACK),
    ]
)


def outcome(message, settings):
    """Return what parsing comes to."""
    try:
        return parse(message, settings)
    except Refusal as refusal:
        return refusal


MESSAGES = st.builds(
    Message, method=METHODS, path=PATHS, query=QUERIES, headers=HEADERS, body=BODIES
)


@given(MESSAGES, SETTINGS)
def test_anything_is_read_or_refused(message, settings):
    """No input raises anything else; a shape is a key; a refusal can be answered."""
    found = outcome(message, settings)
    if isinstance(found, Refusal):
        assert found.reply().status >= 400
    else:
        assert {found.shape: 1}[parse(message, settings).shape]


VALUES = ANY_TEXT.map(lambda text: text.replace("\0", ""))


@given(
    st.lists(st.tuples(PLAIN, st.sampled_from(["eq", "like", "neq"]), VALUES, VALUES), max_size=4)
)
def test_values_are_no_part_of_a_shape(filters):
    """Two requests with other values have one shape, and each its values."""
    found = []
    for which in (0, 1):
        texts = [f"{escaped(name)}={op}.{escaped(values[which])}" for name, op, *values in filters]
        message = Message(method="GET", path="/note", query="&".join(texts))
        found.append(parse(message, ApiSettings()))
    assert found[0].shape == found[1].shape
    assert len(found[0].values) == len(found[1].values) == len(filters)


def escaped(text):
    """Return a text so that it stands in a query string."""
    return "".join(f"%{byte:02X}" for byte in text.encode())
