"""Comparing a thing with a permuted or changed copy of itself finds exactly what was planted."""

import json
from copy import deepcopy
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from changeover.routing import exact_json, row_list
from changeover.routing.mismatch import Findings
from changeover.routing.outline import Level, Term
from changeover.routing.row_list import Caps

NUMBERS = st.sampled_from(["1", "1.0", "1.10", "1.1", "-0", "0", "1e3", "1000", "9" * 30])
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.text(max_size=4),
    NUMBERS.map(lambda text: ("number", text)),
    st.lists(st.integers(0, 3), max_size=3),
)
NAMES = ("title", "price", "note")


@dataclass(frozen=True)
class Case:
    """A table's rows, a request's order over them, and what is planted."""

    rows: list
    level: Level
    is_keyed: bool
    random: object = field(repr=False)

    def written(self, rows):
        """Return rows as an answer would write them, read as a comparison reads them."""
        return exact_json.read(_written(rows).encode())

    def findings(self, secondary, *, primary=None, caps=None):
        """Return what a comparison finds between the rows and another list."""
        findings = Findings(hash_key=b"k" * 32)
        mine = self.written(self.rows if primary is None else primary)
        row_list.compare(mine, self.written(secondary), self.level, caps or Caps(), findings)
        return findings


def _written(value):
    if isinstance(value, tuple):
        return value[1]
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{_written(v)}" for k, v in value.items()) + "}"
    return json.dumps(value)


@st.composite
def cases(draw, *, is_ordered=None, is_keyed=None):
    """Draw rows with embeds and a level: with or without key and order."""
    count = draw(st.integers(1, 7))
    keyed = draw(st.booleans()) if is_keyed is None else is_keyed
    ordered = draw(st.booleans()) if is_ordered is None else is_ordered
    rows = []
    for at in range(count):
        row = {"id": ("number", str(at))} if keyed else {}
        row |= {name: draw(CELLS) for name in NAMES}
        row["role"] = [
            {"id": ("number", str(one)), "actor": draw(st.text(max_size=2))}
            for one in range(draw(st.integers(0, 3)))
        ]
        rows.append(row)
    child = Level(table="public.role", key=("id",))
    terms = ()
    if ordered:
        terms = (Term(column="id", member=("id",) if keyed else None),)
    level = Level(
        table="public.film",
        key=("id",) if keyed else (),
        terms=terms,
        is_total=ordered,
        children={"role": child},
    )
    return Case(rows, level, keyed, draw(st.randoms(use_true_random=False)))


def shuffled(case, rows):
    """Return rows in another lawful order: of the rows if nothing orders them, of all embeds."""
    found = []
    for row in deepcopy(rows):
        members = list(row.items())
        case.random.shuffle(members)
        copy = dict(members)
        case.random.shuffle(copy["role"])
        found.append(copy)
    if not case.level.terms:
        case.random.shuffle(found)
    return found


def classes(findings):
    """Return table, class and columns of all differences."""
    return [(one.table, str(one.kind), one.columns) for one in findings.differences]


@given(cases())
def test_a_permuted_copy_is_equal(case):
    """Members, embeds without an order and rows without one may come in any order."""
    findings = case.findings(shuffled(case, case.rows))
    assert (findings.differences, findings.doubts) == ([], set())


@given(cases(is_keyed=True), st.data())
def test_one_changed_cell_is_the_one_that_is_found(case, data):
    """Of a changed cell its table, its column and its row's key are told, and nothing else."""
    at = data.draw(st.integers(0, len(case.rows) - 1))
    name = data.draw(st.sampled_from(NAMES))
    changed = deepcopy(case.rows)
    changed[at][name] = ["planted", changed[at][name]]
    findings = case.findings(shuffled(case, changed))
    assert classes(findings) == [("public.film", "value", (name,))]
    alone = case.findings([changed[at]], primary=[case.rows[at]])
    assert findings.differences[0].key_hash == alone.differences[0].key_hash is not None


@given(cases(), st.data())
def test_one_changed_cell_is_found_without_a_key(case, data):
    """Where rows show no key, a changed cell is still one changed value."""
    at = data.draw(st.integers(0, len(case.rows) - 1))
    changed = deepcopy(case.rows)
    changed[at]["price"] = ["planted", changed[at]["price"]]
    kinds = {(table, kind) for table, kind, _ in classes(case.findings(shuffled(case, changed)))}
    assert kinds == {("public.film", "value")}


@given(cases(is_keyed=True), st.data())
def test_a_number_of_another_scale_is_found(case, data):
    """`1.10` for `1.1` is a changed value, in a row and in an embed's row."""
    at = data.draw(st.integers(0, len(case.rows) - 1))
    rows = deepcopy(case.rows)
    rows[at]["price"] = ("number", "1.10")
    rows[at]["role"] = [{"id": ("number", "0"), "pay": ("number", "2.50")}]
    changed = deepcopy(rows)
    changed[at]["price"] = ("number", "1.1")
    changed[at]["role"][0]["pay"] = ("number", "2.5")
    found = classes(case.findings(shuffled(case, changed), primary=rows))
    assert found == [("public.film", "value", ("price",)), ("public.role", "value", ("pay",))]


@given(cases(), st.data())
def test_a_row_that_is_gone_and_a_row_too_many_are_found(case, data):
    """A removed row is one missing row, and one extra row seen from the other side."""
    at = data.draw(st.integers(0, len(case.rows) - 1))
    shorter = deepcopy(case.rows)
    del shorter[at]
    missing = case.findings(shuffled(case, shorter))
    extra = case.findings(case.rows, primary=shuffled(case, shorter))
    assert classes(missing) == [("public.film", "missing", ())]
    assert classes(extra) == [("public.film", "extra", ())]


@given(cases(is_ordered=True, is_keyed=True), st.data())
def test_two_rows_that_changed_places_are_an_order(case, data):
    """Under a complete order two rows in each other's place differ in order, and only in that."""
    if len(case.rows) == 1:
        return
    at = data.draw(st.integers(0, len(case.rows) - 2))
    swapped = deepcopy(case.rows)
    swapped[at], swapped[at + 1] = swapped[at + 1], swapped[at]
    assert classes(case.findings(shuffled(case, swapped))) == [("public.film", "order", ("id",))]


@given(cases(is_ordered=True, is_keyed=True), st.data())
def test_a_window_over_a_complete_order_hides_nothing(case, data):
    """Of a page of a complete order a row that is missing is told once, and no shifted row."""
    if len(case.rows) == 1:
        return
    limit = data.draw(st.integers(1, len(case.rows) - 1))
    at = data.draw(st.integers(0, limit - 1))
    shorter = deepcopy(case.rows)
    del shorter[at]
    level = Level(
        table="public.film",
        key=("id",),
        terms=case.level.terms,
        is_total=True,
        limit=limit,
        children=case.level.children,
    )
    paged = Case(case.rows, level, True, case.random)
    findings = paged.findings(shorter[:limit], primary=case.rows[:limit])
    assert classes(findings)[0] == ("public.film", "missing", ())


@given(cases(is_ordered=False), st.data())
def test_a_window_over_no_order_is_never_an_alarm(case, data):
    """Any rows of the table are a lawful page of it where nothing orders them."""
    limit = data.draw(st.integers(1, len(case.rows)))
    level = Level(
        table="public.film", key=case.level.key, limit=limit, children=case.level.children
    )
    paged = Case(case.rows, level, case.is_keyed, case.random)
    pages = []
    for _ in range(2):
        rows = shuffled(case, case.rows)
        pages.append(rows[:limit])
    assert paged.findings(pages[1], primary=pages[0]).differences == []
