"""What query strings say."""

import pytest

from changeover.engine.message import Message
from changeover.engine.refusal import Refusal
from changeover.engine.request import parse
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import (
    Embed,
    Field,
    Filter,
    Join,
    Logic,
    Operation,
    OrderTerm,
    SelectField,
    Step,
    Window,
)

ALL = (SelectField(Field("*")),)


def read(query, method="GET", path="/note", **more):
    """Parse a request."""
    return parse(Message(method=method, path=path, query=query, **more), ApiSettings())


def test_a_filter_has_its_value_in_a_slot():
    """All behind the operator's dot is the value, marks and dots included."""
    request = read('a=eq."x",1.5)')
    assert request.shape.filters == (Filter(Field("a"), Operation("eq", slot=0)),)
    assert request.values == ('"x",1.5)',)


@pytest.mark.parametrize(
    ("text", "operation", "values"),
    [
        ("not.eq.1", Operation("eq", is_negated=True, slot=0), ("1",)),
        ("eq(any).{1,2}", Operation("eq", quantifier="any", slot=0), ("{1,2}",)),
        ("like.*a*%", Operation("like", slot=0), ("%a%%",)),
        ("not.ilike(all).{*}", Operation("ilike", True, "all", slot=0), ("{%}",)),
        ("match.a*", Operation("match", slot=0), ("a*",)),
        ("isdistinct.1", Operation("isdistinct", slot=0), ("1",)),
        ("is.NULL and more", Operation("is", word="null"), ()),
        ("is.not_Null", Operation("is", word="not_null"), ()),
        ("not.is.unknown", Operation("is", True, word="unknown"), ()),
        ("fts.a&b", Operation("fts", slot=0), ("a&b",)),
        ("wfts( simple ).x", Operation("wfts", config=0, slot=1), ("simple", "x")),
        ("in.(1,2)", Operation("in", slot=0), ('{"1","2"}',)),
        ("in.()", Operation("in", slot=0), ("{}",)),
        ("in.( )", Operation("in", slot=0), ("{}",)),
        ('in.("")', Operation("in", slot=0), ("{}",)),
        ("in.( a , b )rest", Operation("in", slot=0), ('{"a "," b "}',)),
        (
            'in.("a,b","c\\"d\\\\","e"f)',
            Operation("in", slot=0),
            ('{"a,b","c\\"d\\\\","\\"e\\"f"}',),
        ),
        ("in.(a%00b)", Operation("in", slot=0), ('{"a"}',)),
    ],
)
def test_operators(text, operation, values):
    """Each operator with its value as PostgREST reads it."""
    request = read(f"a={text.replace('&', '%26')}")
    assert request.shape.filters == (Filter(Field("a"), operation),)
    assert request.values == values


def test_keys_without_a_value_are_ignored():
    """`a` alone says nothing, and hides a later `select` of the same name."""
    assert read("a&select&select=id").shape.select == ALL


def test_reserved_keys_are_reached_quoted():
    """A column that is called like a parameter is written in quotes."""
    request = read('"order"=eq.1&"a.b"=eq.2&x.select=eq.3')
    assert [one.field.name for one in request.shape.filters] == ["order", "a.b"]
    assert [path for path, _ in request.shape.embed_filters] == [("x",)]


def test_names():
    """Outer blanks go, dashes join words, a backslash in quotes goes."""
    shape = read('select= a - b ,c d,"e\\"\\f",имя,$_1').shape
    assert [one.field.name for one in shape.select] == ["a-b", "c d", 'e"f', "имя", "$_1"]


def test_json_paths():
    """Keys and indexes are parameters, and part of the tree."""
    request = read('select=j->a->>-1,j->>b-c::text,x:j->2->d.sum()&j->>"k.l"=eq.1&order=j->e.desc')
    shape = request.shape
    assert shape.select == (
        SelectField(Field("j", (Step("->", "a", 1, False), Step("->>", "-1", 2, True)))),
        SelectField(Field("j", (Step("->>", "b-c", 3, False),)), cast="text"),
        SelectField(
            Field("j", (Step("->", "2", 4, True), Step("->", "d", 5, False))),
            alias="x",
            aggregate="sum",
        ),
    )
    assert shape.orders == (
        ((), (OrderTerm(Field("j", (Step("->", "e", 0, False),)), direction="desc"),)),
    )
    assert shape.filters[0].field == Field("j", (Step("->>", "k.l", 6, False),))
    assert request.values == ("e", "a", "-1", "b-c", "2", "d", "k.l", "1")


def test_aggregates_and_casts():
    """`count()` stands alone; others follow a field, with a cast before and behind."""
    assert read("select=count(),n:count()::text,a::int.avg()::text,b.max()").shape.select == (
        SelectField(None, aggregate="count"),
        SelectField(None, alias="n", aggregate="count", aggregate_cast="text"),
        SelectField(Field("a"), cast="int", aggregate="avg", aggregate_cast="text"),
        SelectField(Field("b"), aggregate="max"),
    )


def test_embeds():
    """Aliases, hints, joins and spreads, nested; empty brackets select nothing."""
    shape = read('select=*,a:b!inner!c( d , e!left()),...f!g(*),h!"inner_fk"(i)').shape
    assert shape.select == (
        SelectField(Field("*")),
        Embed(
            name="b",
            alias="a",
            hint="c",
            join=Join.INNER,
            select=(SelectField(Field("d")), Embed(name="e", join=Join.LEFT)),
        ),
        Embed(name="f", hint="g", is_spread=True, select=ALL),
        Embed(name="h", hint="inner_fk", select=(SelectField(Field("i")),)),
    )


def test_blanks_behind_an_embed():
    """They may stand before a comma, not before a bracket."""
    assert len(read("select=a(b() , c)").shape.select[0].select) == 2
    with pytest.raises(Refusal, match="column 7"):
        read("select=a(b() )")


def test_the_rest_of_a_text_is_ignored():
    """There is no end check behind a whole select, list, tree or key."""
    shape = read("select=a(b)c)d&e:f=eq.1&or=(g.eq.1)h&columns=i:").shape
    assert shape.select == (Embed(name="a", select=(SelectField(Field("b")),)),)
    assert shape.filters[0].field.name == "e"
    assert isinstance(shape.logic[0][1], Logic)


def test_an_empty_select_selects_all():
    """`select=` is `*`, and so is a select that begins with what is no name."""
    assert read("select=").shape.select == ALL
    assert read("select=)").shape.select == ALL


def test_trees():
    """Trees nest, negate, and take values up to a comma or bracket unless quoted or in braces."""
    request = read(
        'x.not.or=(a.eq.1, not.and(b.like.*,c.not.in.(1,"2)")),d.cs.{1,2},e.eq."f,g",h.is.true )'
    )
    one = Filter(Field("a"), Operation("eq", slot=0))
    inner = Logic(
        "and",
        True,
        (
            Filter(Field("b"), Operation("like", slot=1)),
            Filter(Field("c"), Operation("in", True, slot=2)),
        ),
    )
    more = (
        Filter(Field("d"), Operation("cs", slot=3)),
        Filter(Field("e"), Operation("eq", slot=4)),
        Filter(Field("h"), Operation("is", word="true")),
    )
    assert request.shape.logic == ((("x",), Logic("or", True, (one, inner, *more))),)
    assert request.values == ("1", "%", '{"1","2)"}', "{1,2}", "f,g")


def test_trees_of_quoted_names():
    """Values are the same whatever the names look like."""
    request = read('or=("a b".cs.{1,2},c->>d.eq."e,f",и.in.( g , "h"))')
    assert request.values == ("{1,2}", "d", "e,f", '{"g "," \\"h\\""}')


def test_a_tree_may_turn_out_a_condition():
    """`or=.eq.1` is a condition on a column of that name; there is no end check behind it."""
    assert read("or=.eq.1").shape.logic == (((), Filter(Field("or"), Operation("eq", slot=0))),)
    assert read('or=.eq."a"b').values == ('"a"b',)
    assert read('or=.eq."a",b').values == ("a",)


def test_orders():
    """Directions, nulls and related orders; the first order of a level counts."""
    request = read("order=a,b.desc.nullslast,c(d).asc,e.nullsfirst&order=z&x.y.order=f&order=j->k")
    assert request.shape.orders == (
        (
            (),
            (
                OrderTerm(Field("a")),
                OrderTerm(Field("b"), direction="desc", nulls="nullslast"),
                OrderTerm(Field("d"), relation="c", direction="asc"),
                OrderTerm(Field("e"), nulls="nullsfirst"),
            ),
        ),
        (("x", "y"), (OrderTerm(Field("f")),)),
    )
    assert request.values == ()


def test_the_last_window_of_a_level_counts():
    """Limits and offsets are paired by level."""
    request = read("limit=1&limit=2&offset=3&x.limit=4&y.offset=5&x.limit=6")
    assert request.shape.windows == (
        ((), Window(rows=2, offset=0)),
        (("x",), Window(rows=6)),
        (("y",), Window(offset=1)),
    )
    assert request.values == ("3", "5")
    assert (request.offset, request.limit) == (3, 2)


def test_a_window_leads_to_an_embed_or_nowhere():
    """A key that only ends like a window's is none of the root's."""
    request = read("a->b.limit=5")
    assert request.shape.windows == ()
    assert (request.offset, request.limit) == (0, None)


def test_columns_are_sorted_and_unique():
    """A client that sends a set's members sends them in any order."""
    found = [
        read(f"columns={text}", method="POST", body=b"[]").shape
        for text in ('"b","a"', "a,b", "b,a,b")
    ]
    assert found[0].columns == ("a", "b")
    assert found[0] == found[1] == found[2]


def test_columns_count_only_where_json_is_written():
    """On reads, PUT and other bodies `columns=` is parsed and has no effect."""
    csv = (("content-type", "text/csv"),)
    assert read("columns=a").shape.columns is None
    assert read("columns=a", method="PUT", body=b"{}").shape.columns is None
    assert read("columns=a", method="POST", headers=csv, body=b"b\n1").shape.columns is None


def test_a_call_by_get_tells_arguments_from_filters():
    """A value that starts as no operator is an argument."""
    request = read("a=1&b=eq.2&a=3&c.d=x&e=fts(simple).y&f=notice&g=in&h=", path="/rpc/f")
    assert request.shape.arguments == (("a", 0), ("a", 2), ("d", 3), ("f", 6), ("g", 7), ("h", 8))
    assert [one.field.name for one in request.shape.filters] == ["b", "e"]
    assert request.values == ("1", "2", "3", "x", "simple", "y", "notice", "in", "")


@pytest.mark.parametrize("text", ["not.y", "in.x", "is.x"])
def test_an_argument_that_begins_like_an_operator_is_refused(text):
    """A parser that has consumed does not go back."""
    with pytest.raises(Refusal, match="failed to parse filter"):
        read(f"a={text}", path="/rpc/f")


@pytest.mark.parametrize(
    ("query", "other"),
    [
        ("a=eq.1&limit=5", "a=eq.%D1%8F&limit=5"),
        ("a=in.(1)", "a=in.(2,3,4)"),
        ("or=(a.eq.1,b.eq.2)", 'or=(a.eq."x,y",b.eq.{1,2})'),
        ("limit=5&offset=0", "limit=5&offset=5"),
        ("a=like.x", "a=like.*"),
    ],
)
def test_requests_that_differ_in_values_share_their_shape(query, other):
    """Plans and statements are kept by shape."""
    first, second = read(query), read(other)
    assert first.shape == second.shape
    assert hash(first.shape) == hash(second.shape)
    assert first.values != second.values


def test_location():
    """Sorted by name, one name once, all but plain characters encoded."""
    assert (
        read("b=eq.1&a=in.(x,y)&b=gt.~2&c&&").location == "/note?=&a=in.%28x%2Cy%29&b=eq.1,gt.~2&c="
    )
    assert read("").location == "/note"
    assert read("", path="/a%0d%0ab").location == "/a%0D%0Ab"
    assert read("", path="/rpc/f").location == ""


def test_pairs_are_split_at_both_marks():
    """`;` parts as `&` does, `+` is a blank, a bad escape stays."""
    request = read("a=eq.x+y;b=eq.%zz%2B&c=eq.=")
    assert request.values == ("x y", "%zz+", "=")


def test_a_nul_is_refused_as_the_server_would():
    """A text with a NUL cannot be a value."""
    with pytest.raises(Refusal) as caught:
        read("a=eq.x%00")
    assert (caught.value.code, caught.value.status) == ("22021", 400)
