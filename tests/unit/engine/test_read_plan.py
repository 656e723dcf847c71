"""Plans of reads, without a server."""

import pytest

from changeover.catalog.snapshot import ApiColumn, Relation, Relationship, Snapshot
from changeover.engine import condition_render, output, plan, read_plan, render
from changeover.engine.plan_value import Column, Comparison, Presence, Source
from changeover.engine.refusal import Refusal
from changeover.engine.settings import ApiSettings
from changeover.engine.sql import ident, statement
from changeover.engine.syntax import (
    Action,
    Embed,
    Field,
    Filter,
    Join,
    Logic,
    Operation,
    OrderTerm,
    SelectField,
    Shape,
    Step,
    Window,
)
from changeover.model.name import TableName

AUTHOR = TableName("library", "author")
BOOK = TableName("library", "book")


def column(name, type_="text"):
    """Return a column of a relation."""
    return ApiColumn(name=name, type=type_, base_type=type_, is_nullable=True)


def relation(name, *columns):
    """Return a table."""
    return Relation(
        name=name,
        kind="r",
        is_insertable=True,
        is_updatable=True,
        is_deletable=True,
        columns=columns,
        primary_key=("id",),
    )


SNAPSHOT = Snapshot(
    version=180000,
    schemas=("library",),
    relations={
        AUTHOR: relation(AUTHOR, column("id", "integer"), column("name")),
        BOOK: relation(BOOK, column("id", "integer"), column("title"), column("meta", "jsonb")),
    },
    relationships={
        AUTHOR: (
            Relationship(
                parent=AUTHOR,
                child=BOOK,
                kind="one-to-many",
                is_to_one=False,
                constraint="book_author",
                columns=(("id", "author_id"),),
            ),
        ),
        BOOK: (
            Relationship(
                parent=BOOK,
                child=AUTHOR,
                kind="many-to-one",
                is_to_one=True,
                constraint="book_author",
                columns=(("author_id", "id"),),
            ),
        ),
    },
    routines={},
)
SETTINGS = ApiSettings(schemas=("library",))
IS_NULL = Operation("is", word="null")


def shape(name="book", *select, **members):
    """Return the shape of a read."""
    return Shape(
        action=Action.READ,
        method="GET",
        schema="library",
        name=name,
        select=select or (SelectField(Field("*")),),
        **members,
    )


def resolve(name="book", *select, settings=SETTINGS, **members):
    """Return the root of a read's plan."""
    return plan.resolve(shape(name, *select, **members), SNAPSHOT, settings).root


def refused(name, *select, **members):
    """Return the code that a read is refused with."""
    with pytest.raises(Refusal) as found:
        resolve(name, *select, **members)
    return found.value.code


def equal(name, slot=0):
    """Return a filter."""
    return Filter(Field(name), Operation("eq", slot=slot))


def test_parameters_are_looked_at_before_relationships():
    """A filter that aims at nothing is refused before an embed that leads nowhere."""
    nowhere = Embed("nowhere", select=(SelectField(Field("id")),))
    assert refused("book", nowhere, embed_filters=((("x",), equal("id")),)) == "PGRST108"
    assert refused("book", nowhere) == "PGRST200"


def test_relationships_are_looked_at_before_aggregates():
    """An embed that leads nowhere is refused before an aggregate that is not allowed."""
    count = SelectField(None, aggregate="count")
    assert refused("book", count, Embed("nowhere")) == "PGRST200"
    assert refused("book", count) == "PGRST123"


def test_related_orders_are_looked_at_before_aggregates():
    """An order by a list is refused before an aggregate that is not allowed."""
    count = SelectField(None, aggregate="count")
    orders = (((), (OrderTerm(Field("title"), relation="book"),)),)
    assert refused("author", count, Embed("book"), orders=orders) == "PGRST118"


def test_the_last_of_several_wrong_parameters_is_named():
    """Parameters are taken from the last to the first."""
    with pytest.raises(Refusal) as found:
        resolve("book", embed_filters=((("x",), equal("id")), (("y",), equal("id"))))
    assert "'y'" in found.value.message


def test_names_of_joins_carry_their_depth():
    """Each level has a name of its own, also where a relation comes twice."""
    inner = Embed("book", select=(SelectField(Field("id")),))
    root = resolve("book", Embed("author", alias="by", select=(inner,)))
    (author,) = root.children
    (book,) = author.children
    assert (author.alias, author.aggregate_alias) == ("author_1", "book_by_1")
    assert (book.alias, book.aggregate_alias) == ("book_2", "author_book_2")


def test_a_null_filter_on_an_embed_is_recognised_in_a_tree():
    """Trees may ask for embeds beside columns."""
    tree = Logic("or", False, (Filter(Field("author"), IS_NULL), equal("title")))
    root = resolve("book", Embed("author"), logic=(((), tree),))
    (group,) = root.predicates
    assert group.children[0] == Presence(embed="book_author_1", is_list=False, is_present=False)


@pytest.mark.parametrize("operation", [Operation("is", word="not_null"), Operation("eq", slot=0)])
def test_any_other_operator_means_a_column(operation):
    """Only `is.null` and its negation ask for the embed."""
    root = resolve("book", Embed("author"), filters=(Filter(Field("author"), operation),))
    assert root.predicates == (Comparison(column=Column(name="author"), operation=operation),)


def test_text_search_makes_a_vector_of_known_columns_only():
    """A text column is searched as a vector; what is not known is left as it is."""
    search = Operation("fts", slot=0)
    filters = (Filter(Field("title"), search), Filter(Field("nix"), search))
    known, unknown = resolve("book", filters=filters).predicates
    assert known.column.is_text_searched
    assert not unknown.column.is_text_searched


def test_json_is_taken_as_it_is():
    """A json column needs no to_jsonb, any other does."""
    path = (Step("->", "a", 0, False),)
    select = (SelectField(Field("meta", path)), SelectField(Field("title", path)))
    meta, title = resolve("book", *select).outputs
    assert (meta.column.is_json, title.column.is_json) == (True, False)


@pytest.mark.parametrize(
    ("path", "alias"),
    [
        ((Step("->", "a", 0, False),), "a"),
        ((Step("->", "a", 0, False), Step("->", "1", 1, True)), "a"),
        ((Step("->", "1", 0, True),), "meta"),
    ],
)
def test_a_path_is_named_by_its_last_key(path, alias):
    """The output of a path has the name of its last key, or the column's."""
    (found,) = resolve("book", SelectField(Field("meta", path))).outputs
    assert found.alias == alias


def test_a_mutation_has_no_root_filters_and_no_windows():
    """What chose the rows is not asked again of the rows that were returned."""
    asked = shape(
        "book",
        Embed("author", select=(SelectField(Field("id")),)),
        filters=(equal("id"),),
        logic=(((), Logic("and", False, (equal("id"),))),),
        embed_filters=((("author",), equal("id", 1)),),
        windows=(((), Window(limit=2)), (("author",), Window(limit=3))),
        orders=(((), (OrderTerm(Field("title")),)),),
    )
    settings = ApiSettings(rows_max=5)
    root = read_plan.tree(asked, SNAPSHOT, settings, relation=BOOK, source=Source.MUTATION)
    assert root.predicates == ()
    assert root.window == Window()
    assert root.rows_max is None
    assert len(root.orderings) == 1
    (author,) = root.children
    assert author.window == Window()
    assert len(author.predicates) == 1


def test_the_columns_that_a_source_must_return():
    """Those shown, those that joins and orders need, and the key; each once."""
    asked = shape(
        "book",
        SelectField(Field("title")),
        SelectField(Field("title"), alias="again"),
        Embed("author", select=(SelectField(Field("id")),)),
        orders=(((), (OrderTerm(Field("meta")),)),),
    )
    root = read_plan.tree(asked, SNAPSHOT, SETTINGS, relation=BOOK, source=Source.MUTATION)
    assert read_plan.columns_needed(root, ("id",)) == ("author_id", "id", "meta", "title")


def test_all_columns_are_needed_where_all_are_shown():
    """`*` stands for itself; a key beside it would be shown twice."""
    root = read_plan.tree(shape(), SNAPSHOT, SETTINGS, relation=BOOK, source=Source.CALL)
    assert read_plan.columns_needed(root, ("id",)) == ("*",)


def test_a_cap_of_one_table_wins():
    """A table's own cap stands over the common one, even as none."""
    settings = ApiSettings(rows_max=5, rows_max_of={BOOK: None, AUTHOR: 2})
    root = resolve("book", Embed("author"), settings=settings)
    assert (root.rows_max, root.children[0].rows_max) == (None, 2)


def test_an_inner_join_is_one():
    """`!inner` is what drops parents, `!left` and nothing do not."""
    inner = resolve("book", Embed("author", join=Join.INNER)).children[0]
    left = resolve("book", Embed("author", join=Join.LEFT)).children[0]
    assert (inner.is_inner, left.is_inner) == (True, False)


def test_every_condition_has_its_operator():
    """No operator of the language is without its SQL."""
    column_ = Column(name="c")
    for name in condition_render.OPERATORS:
        made = Comparison(column=column_, operation=Operation(name, slot=0))
        text = statement(condition_render.predicate(made, ident("t"))).text
        assert text.startswith('"t"."c" ')
        assert text.endswith(" $1")


def test_plans_are_equal_for_equal_shapes():
    """A plan can be kept: nothing in it is of one request."""
    first = plan.resolve(shape("book", Embed("author")), SNAPSHOT, SETTINGS)
    second = plan.resolve(shape("book", Embed("author")), SNAPSHOT, SETTINGS)
    assert first == second
    assert render.work(first) == render.work(second)


def test_a_spread_of_many_writes_out_its_columns():
    """Arrays are gathered by column, so all must be named."""
    root = resolve("author", Embed("book", is_spread=True, select=(SelectField(Field("*")),)))
    assert [one.name for one in root.children[0].lifted] == ["id", "title", "meta"]


def test_an_aggregate_leaves_a_spread_of_one():
    """What a to-one spread counts is counted by its parent."""
    spread = Embed(
        "author", is_spread=True, select=(SelectField(Field("id"), aggregate="sum", alias="s"),)
    )
    settings = ApiSettings(has_aggregates=True)
    root = resolve("book", spread, settings=settings)
    (author,) = root.children
    assert root.is_grouped
    assert author.outputs[0].aggregate is None
    assert (author.lifted[0].aggregate, author.lifted[0].alias) == ("sum", "s")
    assert not output.is_grouped(author.outputs, author.children)
