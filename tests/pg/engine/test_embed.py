"""Embeds of every cardinality."""

import psycopg
import pytest


def test_many_to_one(library):
    """The other row is an object, or null."""
    answered = library.get("/book", "select=title,author(name)&id=in.(1,4)&order=id")
    assert answered.text == (
        '[{"title":"Engines","author":{"name": "Ada"}}, \n {"title":"Orphan","author":null}]'
    )


def test_one_to_many(library):
    """The other rows are an array, if need be an empty one."""
    answered = library.get("/author", "select=name,book(id,price)&order=id&book.order=id")
    assert answered.text == (
        '[{"name":"Ada","book":[{"id": 1, "price": 12.50}, {"id": 2, "price": 9.00}]}, \n'
        ' {"name":"Boris","book":[{"id": 3, "price": 7.25}]}, \n {"name":"Clara","book":[]}]'
    )


def test_one_to_one(library):
    """A key that is a foreign key makes objects both ways."""
    answered = library.get("/book", "select=id,binding(cover)&order=id&limit=2")
    assert answered.json == [{"id": 1, "binding": {"cover": "leather"}}, {"id": 2, "binding": None}]
    answered = library.get("/binding", "select=cover,book(title)&order=book_id")
    assert answered.json == [
        {"cover": "leather", "book": {"title": "Engines"}},
        {"cover": "paper", "book": {"title": "Winter"}},
    ]


def test_many_to_many(library):
    """The junction is not seen."""
    answered = library.get("/book", "select=id,genre(name)&genre.order=name.desc&order=id&limit=2")
    assert answered.json == [
        {"id": 1, "genre": [{"name": "travel"}, {"name": "science"}]},
        {"id": 2, "genre": []},
    ]


def test_many_to_many_and_back(library):
    """Each level joins its own junction."""
    answered = library.get(
        "/book",
        "select=id,genre(name,book(id,genre(id)))&id=eq.3&genre.book.order=id"
        "&genre.book.genre.order=id",
    )
    assert answered.json == [
        {
            "id": 3,
            "genre": [
                {
                    "name": "travel",
                    "book": [
                        {"id": 1, "genre": [{"id": 1}, {"id": 2}]},
                        {"id": 3, "genre": [{"id": 2}]},
                    ],
                }
            ],
        }
    ]


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("employee(id)", {"employee": [{"id": 3}]}),
        ("manager_id(id)", {"manager_id": {"id": 1}}),
        ("below:employee!manager_id(id)", {"below": [{"id": 3}]}),
        ("above:manager_id(id,below:employee(id))", {"above": {"id": 1, "below": [{"id": 2}]}}),
    ],
)
def test_a_relation_to_itself(library, select, expected):
    """The name leads down to many, the key's column up to one."""
    assert library.get("/employee", f"select={select}&id=eq.2").json == [expected]


@pytest.mark.parametrize(
    "select",
    ["person!review_reviewer(name)", "person!reviewer_id(name)"],
)
def test_hints(library, select):
    """A hint chooses one of several keys."""
    answered = library.get("/review", f"select={select}&id=eq.1")
    assert answered.json == [{"person": {"name": "Rita"}}]


def test_two_keys_at_once(library):
    """Two keys to one relation stand side by side under their own names."""
    answered = library.get("/review", "select=reviewer_id(name),editor:editor_id(name)&id=eq.1")
    assert answered.json == [{"reviewer_id": {"name": "Rita"}, "editor": {"name": "Egon"}}]


def test_several_relationships(library):
    """Without a hint a choice between keys is refused."""
    answered = library.get("/review", "select=person(name)")
    assert answered.status == 300
    assert answered.json["code"] == "PGRST201"


def test_no_relationship(library):
    """What no key leads to cannot be embedded."""
    answered = library.get("/genre", "select=person(name)")
    assert answered.status == 400
    assert answered.json["code"] == "PGRST200"


def test_a_computed_relationship_to_one(library):
    """A function of a row that returns one row is an object."""
    answered = library.get("/book", "select=id,best(stars,person!review_reviewer(name))&order=id")
    assert answered.json == [
        {"id": 1, "best": {"stars": 5, "person": {"name": "Rita"}}},
        {"id": 2, "best": None},
        {"id": 3, "best": {"stars": 4, "person": {"name": "Egon"}}},
        {"id": 4, "best": None},
    ]


def test_a_computed_relationship_to_many(library):
    """A function of a row that returns rows is an array, to be filtered and embedded into."""
    answered = library.get("/author", "select=name,dear(title,genre(name))&dear.id=eq.1&order=id")
    assert answered.json == [
        {
            "name": "Ada",
            "dear": [{"title": "Engines", "genre": [{"name": "science"}, {"name": "travel"}]}],
        },
        {"name": "Boris", "dear": []},
        {"name": "Clara", "dear": []},
    ]


def test_below_a_computed_relationship_of_an_embed(library):
    """A function takes the row of the level above it."""
    answered = library.get("/author", "select=book(id,best(stars))&id=eq.1&book.order=id")
    assert answered.json == [{"book": [{"id": 1, "best": {"stars": 5}}, {"id": 2, "best": None}]}]


def test_below_many_to_many(library):
    """A function takes a row that a junction led to."""
    answered = library.get("/genre", "select=book(id,best(stars))&id=eq.2&book.order=id")
    assert answered.json == [
        {"book": [{"id": 1, "best": {"stars": 5}}, {"id": 3, "best": {"stars": 4}}]}
    ]


def test_through_a_view(library):
    """A view stands for the table below it."""
    answered = library.get("/cheap", "select=title,author(name),review(stars)&order=id")
    assert answered.json == [
        {"title": "Notes", "author": {"name": "Ada"}, "review": []},
        {"title": "Winter", "author": {"name": "Boris"}, "review": [{"stars": 4}]},
    ]
    answered = library.get("/author", "select=cheap(title)&id=eq.1")
    assert answered.json == [{"cheap": [{"title": "Notes"}]}]


def test_filters_inside(library):
    """A filter on an embed leaves the parents."""
    answered = library.get("/author", "select=name,book(id)&book.price=gt.10&order=id")
    assert answered.json == [
        {"name": "Ada", "book": [{"id": 1}]},
        {"name": "Boris", "book": []},
        {"name": "Clara", "book": []},
    ]


def test_everything_inside(library):
    """Trees, orders and windows act inside an embed, by its alias."""
    answered = library.get(
        "/author",
        "select=works:book(id)&id=eq.1&works.or=(id.eq.1,id.eq.2)&works.order=id.desc"
        "&works.limit=1&works.offset=1",
    )
    assert answered.json == [{"works": [{"id": 1}]}]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select=name,book!inner(id)&book.price=gt.10", ["Ada"]),
        ("select=name,book!inner()&book.price=lt.9", ["Boris"]),
        ("select=name,book(id)&book=is.null", ["Clara"]),
        ("select=name,book(id)&book=not.is.null", ["Ada", "Boris"]),
        ("select=name,book()&book.id=eq.3&book=not.is.null", ["Boris"]),
        ("select=name,book()&or=(book.is.null,name.eq.Ada)", ["Ada", "Clara"]),
        ("select=name,book(id,review!inner(id))&book=not.is.null", ["Ada", "Boris"]),
        ("select=name,book!inner(id,review!inner(id))&book.review.stars=eq.4", ["Boris"]),
        ("select=name,b:book(id)&b=is.null", ["Clara"]),
        ("select=name,dear!inner(id)", ["Ada"]),
    ],
)
def test_inner_and_null(library, query, expected):
    """Embeds choose among the parents where they are told to."""
    answered = library.get("/author", f"{query}&order=id")
    assert [row["name"] for row in answered.json] == expected


def test_a_row_of_nulls_is_a_row(library):
    """Whether a row exists is asked, not what is in it."""
    answered = library.get(
        "/review", "select=id,e:person!review_editor(name)&e=not.is.null&order=id"
    )
    assert [row["id"] for row in answered.json] == [1, 3]
    answered = library.get("/book", "select=id,author(country)&author=not.is.null&order=id")
    assert [row["id"] for row in answered.json] == [1, 2, 3]


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("name,book()", {"name": "Boris"}),
        ("name,book(review())", {"name": "Boris"}),
        ("name,book(id,review())", {"name": "Boris", "book": [{"id": 3}]}),
        ("name,book(review(id))", {"name": "Boris", "book": [{"review": [{"id": 3}]}]}),
        ("book()", {}),
    ],
)
def test_empty_embeds(library, select, expected):
    """An embed of nothing is joined and not shown."""
    assert library.get("/author", f"select={select}&id=eq.2").json == [expected]


def test_embeds_that_are_aimed_at_come_first(library):
    """Each parameter moves its embed to the front: first filters, then orders, the last first."""
    answered = library.get(
        "/book",
        "select=author(name),binding(cover),best(stars),review(id),id&id=eq.1"
        "&review.order=id&binding.cover=eq.leather&best.stars=eq.5",
    )
    assert list(answered.json[0]) == ["id", "review", "binding", "best", "author"]


def test_what_is_not_embedded(library):
    """A parameter must aim at something."""
    answered = library.get("/book", "select=id&author.name=eq.Ada")
    assert answered.status == 400
    assert answered.json == {
        "code": "PGRST108",
        "details": None,
        "hint": "Verify that 'author' is included in the 'select' query parameter.",
        "message": "'author' is not an embedded resource in this request",
    }


def test_an_old_name_warns(library):
    """The target's name works beside an alias, and earns a warning."""
    answered = library.get("/author", "select=works:book(id)&book.id=eq.1&id=eq.1")
    assert answered.json == [{"works": [{"id": 1}]}]
    assert answered.header("Warning").startswith("299 ")
    assert "Update `book` to `works` in" in answered.header("Warning")


def test_an_old_name_that_is_refused(library):
    """Where old names are off, the error tells the new one."""
    reader = library.set(has_legacy_targets=False)
    answered = reader.get("/author", "select=works:book(id)&book.id=eq.1")
    assert answered.json == {
        "code": "PGRST108",
        "details": "Target names are not allowed in filters if they have an alias",
        "hint": "Change 'book' to 'works' in filters, orders or limits.",
        "message": "'book' is not an embedded resource in this request",
    }


def test_an_alias_does_not_warn(library):
    """An alias is the right name."""
    answered = library.get("/author", "select=works:book(id)&works.id=eq.1&id=eq.1")
    assert answered.header("Warning") is None


def test_a_negative_window_of_an_embed(library):
    """The server refuses it."""
    with pytest.raises(psycopg.errors.InvalidRowCountInLimitClause):
        library.get("/author", "select=book(id)&book.limit=-1")


def test_an_unknown_column_of_an_embed(library):
    """Its relation is named by depth, as PostgREST names it."""
    with pytest.raises(psycopg.errors.UndefinedColumn) as raised:
        library.get("/author", "select=book(nix)")
    assert raised.value.diag.message_primary == "column book_1.nix does not exist"


def test_a_strange_name_of_an_embed(library):
    """An alias is a name and no SQL."""
    answered = library.get("/book", 'select="a\\" b":author(name)&id=eq.1')
    assert answered.json == [{'a" b': {"name": "Ada"}}]
