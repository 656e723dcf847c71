"""Embeds are matched by name and hint, and refused in PostgREST's words."""

from dataclasses import dataclass

import pytest

from changeover.catalog.api_relationship import Computed, ForeignKey, relationships
from changeover.catalog.snapshot import Relation, Snapshot
from changeover.catalog.view_tree import Origin
from changeover.engine import relationship
from changeover.engine.refusal import Refusal
from changeover.engine.syntax import Embed
from changeover.model.name import TableName


def named(name):
    """Return a name in the schema api."""
    return TableName("api", name)


@dataclass(frozen=True)
class Key:
    """A foreign key in words: `table.column -> referenced.column`, both by number 1."""

    constraint: str
    way: str
    is_one_to_one: bool = False


def snapshot_with(*keys, primary=(), views=(), computed=()):
    """Return a snapshot of some keys.

    A table's oid is its place among the names. `primary` is pairs (table, key columns), `views` is
    triples (view, column, the column `table.column` behind it).
    """
    ends = [[end.split(".") for end in key.way.split(" -> ")] for key in keys]
    tables = sorted({table for pair in ends for table, _ in pair})
    keyed = dict(primary)
    oids = {table: place for place, table in enumerate(tables, start=1)}
    numbers = {}

    def number(table, columns):
        return tuple(numbers.setdefault((table, one), len(numbers) + 1) for one in columns)

    foreign = []
    for identity, (key, ((table, own), (other, theirs))) in enumerate(
        zip(keys, ends, strict=True), start=1
    ):
        own_columns, their_columns = tuple(own.split(",")), tuple(theirs.split(","))
        foreign.append(
            ForeignKey(
                id=identity,
                constraint=key.constraint,
                table=oids[table],
                name=named(table),
                numbers=number(table, own_columns),
                columns=own_columns,
                referenced_table=oids[other],
                referenced_name=named(other),
                referenced_numbers=number(other, their_columns),
                referenced_columns=their_columns,
                is_one_to_one=key.is_one_to_one,
            )
        )
    columns = {}
    for view, column, behind in views:
        table, own = behind.split(".")
        (place,) = number(table, (own,))
        columns.setdefault(named(view), {})[Origin(oids[table], place)] = (column,)
    functions = [
        Computed(function=named(name), parent=named(up), child=named(down), is_to_one=False)
        for name, up, down in computed
    ]
    relations = {
        named(name): Relation(
            name=named(name),
            kind="r",
            is_insertable=True,
            is_updatable=True,
            is_deletable=True,
            columns=(),
            primary_key=tuple(keyed.get(name, ())),
        )
        for name in [*tables, *(view for view, _, _ in views)]
    }
    return Snapshot(
        version=180_000,
        schemas=("api",),
        relations=relations,
        relationships=relationships(relations, foreign, columns, functions),
        routines={},
    )


def way(snapshot, parent, name, hint=None):
    """Return what an embed means: kind, and constraint, junction or function."""
    one = relationship.find(snapshot, named(parent), Embed(name=name, hint=hint))
    if one.function is not None:
        return one.kind, one.function.name
    return one.kind, one.constraint if one.junction is None else one.junction.table.name


def refused(snapshot, parent, name, hint=None):
    """Return how an embed is refused."""
    with pytest.raises(Refusal) as caught:
        relationship.find(snapshot, named(parent), Embed(name=name, hint=hint))
    return caught.value


SALES = snapshot_with(
    Key("by", "orders.buyer -> users.id"),
    Key("from", "orders.seller -> users.id"),
    Key("has", "details.order_id -> orders.id", is_one_to_one=True),
    Key("fk_tag", "tagged.tag -> tags.id"),
    Key("fk_order", "tagged.order -> orders.id"),
    Key("wide", "parts.a,b -> wholes.x,y"),
    primary=[("tagged", ("order", "tag"))],
    views=[("buyers", "no", "users.id"), ("sold", "by_whom", "orders.seller")],
)


@pytest.mark.parametrize(
    ("parent", "name", "hint", "expected"),
    [
        ("orders", "by", None, ("many-to-one", "by")),
        ("orders", "buyer", None, ("many-to-one", "by")),
        ("orders", "seller", None, ("many-to-one", "from")),
        ("orders", "users", "by", ("many-to-one", "by")),
        ("orders", "users", "buyer", ("many-to-one", "by")),
        ("users", "orders", "seller", ("one-to-many", "from")),
        ("users", "orders", "from", ("one-to-many", "from")),
        ("users", "from", None, ("one-to-many", "from")),
        ("orders", "details", None, ("one-to-one", "has")),
        ("details", "orders", None, ("one-to-one", "has")),
        ("details", "order_id", None, ("one-to-one", "has")),
        ("orders", "details", "id", ("one-to-one", "has")),
        ("orders", "tags", None, ("many-to-many", "tagged")),
        ("orders", "tags", "tagged", ("many-to-many", "tagged")),
        ("tags", "orders", "tagged", ("many-to-many", "tagged")),
        ("parts", "wholes", None, ("many-to-one", "wide")),
        ("parts", "wide", None, ("many-to-one", "wide")),
        ("parts", "wholes", "wide", ("many-to-one", "wide")),
        ("orders", "buyers", "by", ("many-to-one", "by")),
        ("sold", "users", None, ("many-to-one", "from")),
        ("sold", "by_whom", None, ("many-to-one", "from")),
        ("sold", "buyers", None, ("many-to-one", "from")),
    ],
)
def test_an_embed_is_matched(parent, name, hint, expected):
    """By the child's name, by constraint or column, with every kind of hint."""
    assert way(SALES, parent, name, hint) == expected


@pytest.mark.parametrize(
    ("parent", "name", "hint"),
    [
        ("orders", "by", "by"),  # with a hint the target must be the child's name
        ("orders", "buyer", "by"),
        ("orders", "users", "users"),
        ("orders", "tags", "fk_tag"),  # a junction's own key is no hint
        ("parts", "a", None),  # a column of a wide key is none
        ("parts", "wholes", "a"),
        ("orders", "no", None),
        ("details", "id", None),  # the child's column is no target
        ("nothing", "orders", None),
    ],
)
def test_an_embed_that_is_none(parent, name, hint):
    """What is named otherwise is refused."""
    assert refused(SALES, parent, name, hint).code == "PGRST200"


def test_views_are_no_target_by_constraint_or_column():
    """Of a table and a view on it, constraint and column lead to the table."""
    found = relationship.find(SALES, named("orders"), Embed(name="buyer"))
    assert found.child == named("users")


NODES = snapshot_with(
    Key("up", "nodes.parent -> nodes.id"),
    Key("next", "nodes.after -> nodes.id", is_one_to_one=True),
    Key("from_node", "edges.a -> nodes.id"),
    Key("to_node", "edges.b -> nodes.id"),
    primary=[("edges", ("a", "b"))],
)


@pytest.mark.parametrize(
    ("name", "hint", "expected"),
    [
        ("nodes", None, ("one-to-many", "up")),
        ("parent", None, ("many-to-one", "up")),
        ("nodes", "parent", ("one-to-many", "up")),
    ],
)
def test_a_reference_to_the_own_table(name, hint, expected):
    """By name to many, by the key's column to one."""
    assert way(NODES, "nodes", name, hint) == expected


@pytest.mark.parametrize(
    ("name", "hint"),
    [("up", None), ("nodes", "up"), ("nodes", "id"), ("nodes", "edges"), ("after", None)],
)
def test_what_a_self_reference_is_not_found_by(name, hint):
    """Neither by its constraint nor by a junction; one-to-one to itself is not found at all."""
    assert refused(NODES, "nodes", name, hint).code == "PGRST200"


def test_computed_relationships_go_by_their_function():
    """The function's name is the target; a hint is ignored."""
    snapshot = snapshot_with(
        Key("by", "films.maker -> makers.id"), computed=[("best", "makers", "films")]
    )
    assert way(snapshot, "makers", "best") == ("computed", "best")
    assert way(snapshot, "makers", "best", "whatever") == ("computed", "best")
    assert way(snapshot, "makers", "films") == ("one-to-many", "by")


def test_nothing_found_is_told():
    """PGRST200 says what was looked for, with the hint if there was one."""
    refusal = refused(SALES, "orders", "users", "buy")
    assert (refusal.code, refusal.status, refusal.hint) == ("PGRST200", 400, None)
    assert refusal.message == (
        "Could not find a relationship between 'orders' and 'users' in the schema cache"
    )
    assert refusal.details == (
        "Searched for a foreign key relationship between 'orders' and 'users' using the hint 'buy'"
        " in the schema 'api', but no matches were found."
    )
    assert refused(SALES, "orders", "x").details == (
        "Searched for a foreign key relationship between 'orders' and 'x'"
        " in the schema 'api', but no matches were found."
    )


@pytest.mark.parametrize(
    ("parent", "child", "hint"),
    [
        ("order", "users", "Perhaps you meant 'orders' instead of 'order'."),
        ("orders", "detail", "Perhaps you meant 'details' instead of 'detail'."),
        ("orders", "noclosealternative", None),
        ("noclosealternative", "users", None),
    ],
)
def test_the_nearest_relation_is_suggested(parent, child, hint):
    """A parent without relationships: another parent; else another child of it."""
    assert refused(SALES, parent, child).hint == hint


def test_parents_of_other_schemas_are_not_suggested():
    """A nearer name in another schema is none."""
    assert refused(SALES, "order", "users").hint is not None
    with pytest.raises(Refusal) as caught:
        relationship.find(SALES, TableName("other", "orders"), Embed(name="users"))
    assert caught.value.hint is None


def test_several_are_told():
    """PGRST201 lists each candidate, and how to name it."""
    refusal = refused(SALES, "orders", "users")
    assert (refusal.code, refusal.status) == ("PGRST201", 300)
    assert refusal.message == (
        "Could not embed because more than one relationship was found for 'orders' and 'users'"
    )
    assert refusal.details == [
        {
            "cardinality": "many-to-one",
            "embedding": "orders with users",
            "relationship": "by using orders(buyer) and users(id)",
        },
        {
            "cardinality": "many-to-one",
            "embedding": "orders with users",
            "relationship": "from using orders(seller) and users(id)",
        },
    ]
    assert refusal.hint == (
        "Try changing 'users' to one of the following: 'users!by', 'users!from'."
        " Find the desired relationship in the 'details' key."
    )


def test_several_kinds_are_told_in_order():
    """To many first, then to one, then through a junction, which is told by its two keys."""
    snapshot = snapshot_with(
        Key("b_of_a", "a.b_id -> b.id"),
        Key("a_of_b", "b.a_id -> a.id"),
        Key("single", "b.a_no -> a.id", is_one_to_one=True),
        Key("ja", "j.a1,a2 -> a.x,y"),
        Key("jb", "j.b1 -> b.id"),
        primary=[("j", ("a1", "a2", "b1"))],
    )
    refusal = refused(snapshot, "a", "b")
    assert [one["relationship"] for one in refusal.details] == [
        "a_of_b using a(id) and b(a_id)",
        "b_of_a using a(b_id) and b(id)",
        "single using a(id) and b(a_no)",
        "j using ja(a1, a2) and jb(b1)",
    ]
    assert "'b!a_of_b', 'b!b_of_a', 'b!single', 'b!j'." in refusal.hint


def test_a_function_among_several_says_nothing():
    """A computed candidate beside another has an empty entry, as PostgREST has it."""
    snapshot = snapshot_with(
        Key("best", "films.maker -> makers.id"), computed=[("best", "makers", "films")]
    )
    refusal = refused(snapshot, "makers", "best")
    assert refusal.details[1] == {}
    assert refusal.hint.startswith("Try changing 'best' to one of the following: 'films!best', .")
