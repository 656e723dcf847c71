"""Columns of views are traced through the text of their trees."""

import pytest

from changeover.catalog.view_tree import Origin, View, base_columns, origins
from changeover.model.name import TableName


def entry(number, name, relation, column, *, expression="{VAR :varno 1}", junk="false"):
    """Return an entry of a target list, as PostgreSQL prints it."""
    return (
        f"{{TARGETENTRY :expr {expression} :resno {number} :resname {name} :ressortgroupref 0"
        f" :resorigtbl {relation} :resorigcol {column} :resjunk {junk}}}"
    )


def query(*entries, before="<>", after="<>"):
    """Return the tree of a query."""
    return (
        f"({{QUERY :commandType 1 :rtable {before} :targetList ({' '.join(entries)})"
        f" :override 0 :havingQual {after}}})"
    )


INNER = query(entry(1, "inner", 77, 7))[1:-1]
ODD = r"\}\{\ :resno\ 9\ :resorigtbl\ 9\ :resorigcol\ 9\ :resjunk\ false"
PLAIN = entry(1, "id", 20, 3)


@pytest.mark.parametrize(
    ("tree", "is_plain"),
    [
        (query(PLAIN), True),
        (query(PLAIN, entry(2, "sum", 0, 0)), True),
        (query(PLAIN, entry(2, "sorted", 20, 4, junk="true")), True),
        (query(PLAIN, before=f"({{RTE {INNER}}})"), True),
        (query(PLAIN, after=f"{{SUBLINK {INNER}}}"), True),
        (query(entry(1, ODD, 20, 3)), True),
        (query(entry(1, "a", 0, 0, expression=INNER)), False),
        (query(), False),
    ],
)
def test_only_the_topmost_list_counts(tree, is_plain):
    """Entries of subqueries, before, in and after the list, are not the view's."""
    assert list(origins(tree)) == ([(1, Origin(20, 3))] if is_plain else [])


def view(oid, name, *pairs, schema="api"):
    """Return a view whose n-th column is taken from the n-th pair (relation, column)."""
    entries = [entry(place, "c", *pair) for place, pair in enumerate(pairs, start=1)]
    names = tuple(f"{name}_{place}" for place in range(1, len(pairs) + 1))
    return View(oid=oid, name=TableName(schema, name), columns=names, tree=query(*entries))


def test_views_of_views_are_followed():
    """Each column stands for all that lie behind it, in other schemas too."""
    views = [
        view(100, "outer", (101, 2), (101, 2)),
        view(101, "inner", (20, 1), (20, 3), schema="x"),
    ]
    assert base_columns(views, ["api"]) == {
        TableName("api", "outer"): {
            Origin(101, 2): ("outer_1", "outer_2"),
            Origin(20, 3): ("outer_1", "outer_2"),
        }
    }


def test_a_view_on_itself_ends():
    """Views that stand on each other in a circle are followed once round."""
    found = base_columns([view(100, "a", (101, 1)), view(101, "b", (100, 1))], ["api"])
    assert set(found[TableName("api", "a")]) == {Origin(101, 1), Origin(100, 1)}
