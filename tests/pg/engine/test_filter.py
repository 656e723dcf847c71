"""Every operator, on every kind of column that it is for."""

import psycopg
import pytest


def ids(answered):
    """Return the ids of the rows that were answered."""
    return [row["id"] for row in answered.json]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("id=eq.2", [2]),
        ("id=gt.2", [3, 4]),
        ("id=gte.2&id=lt.4", [2, 3]),
        ("id=lte.1", [1]),
        ("id=neq.1", [2, 3, 4]),
        ("title=like.*t*", [2, 3]),
        ("title=ilike.*N*", [1, 2, 3, 4]),
        ("title=match.^E", [1]),
        ("title=imatch.^e", [1]),
        ("title=like(any).{E*,W*}", [1, 3]),
        ("title=like(all).{*n*,*g*}", [1]),
        ("id=eq(any).{1,3}", [1, 3]),
        ("id=gt(all).{1,3}", [4]),
        ("id=in.(1,4)", [1, 4]),
        ("id=in.()", []),
        ('title=in.(Notes,"Winter")', [2, 3]),
        ("id=not.in.(1,4)", [2, 3]),
        ("price=is.null", [4]),
        ("price=not.is.null", [1, 2, 3]),
        ("price=is.not_null", [1, 2, 3]),
        ("is_lent=is.true", [1, 4]),
        ("is_lent=is.FALSE", [2]),
        ("is_lent=is.unknown", [3]),
        ("is_lent=not.is.unknown", [1, 2, 4]),
        ("price=not.eq.9", [1, 3]),
        ("price=isdistinct.9", [1, 3, 4]),
        ("tags=cs.{red}", [1, 4]),
        ('tags=cs.{"a,b"}', [1]),
        ("tags=cd.{red,blue}", [2, 3, 4]),
        ("tags=ov.{blue,red}", [1, 3, 4]),
        ("pages=cs.[5,6)", [1]),
        ("pages=ov.[5,25)", [1, 2]),
        ("pages=sl.[20,30)", [1]),
        ("pages=sr.[1,10)", [2]),
        ("pages=nxr.[1,15)", [1]),
        ("pages=nxl.[15,16)", [2]),
        ("pages=adj.[10,20)", [1, 2]),
        ('meta=cs.{"n":1}', [1]),
        ("meta->n=eq.2", [2]),
        ("meta->>n=eq.2", [2]),
        ("meta->deep->k->>0=eq.10", [1]),
        ("tags->>0=eq.red", [1, 4]),
        ("search=fts.steam", [1]),
        ("search=not.fts.steam", [2]),
        ("search=plfts(simple).paper notes", [2]),
        ("title=fts.note", [2]),
        ("title=fts(simple).notes", [2]),
        ("title=phfts(english).notes", [2]),
        ("title=wfts.notes or winter", [2, 3]),
        ("or=(id.eq.1,price.lt.8)", [1, 3]),
        ("and=(id.gt.1,or(price.is.null,title.eq.Notes))", [2, 4]),
        ("not.or=(id.eq.1,id.eq.2)", [3, 4]),
        ("or=(not.and(id.gt.1,id.lt.4),id.eq.2)", [1, 2, 4]),
        ('or=(title.in.(Notes,Winter),tags.cs.{"a,b"})', [1, 2, 3]),
        ("label=eq.2: Notes", [2]),
        ("published=lt.2000-01-01", [4]),
    ],
)
def test_operators(library, query, expected):
    """The rows are those that the operator keeps."""
    assert ids(library.get("/book", f"select=id&order=id&{query}")) == expected


def test_quotes_in_values_are_values(library):
    """A value never becomes SQL."""
    answered = library.get("/book", "title=eq.'; DROP TABLE library.book; --")
    assert answered.text == "[]"
    assert library.value("SELECT count(*) FROM library.book") == 4


def test_an_unknown_column(library):
    """A column that does not exist is the server's error, with PostgREST's name of the relation."""
    with pytest.raises(psycopg.errors.UndefinedColumn) as raised:
        library.get("/book", "nix=eq.1")
    assert raised.value.diag.message_primary == "column book.nix does not exist"


def test_a_value_of_another_type(library):
    """The column decides what a value may be."""
    with pytest.raises(psycopg.errors.InvalidTextRepresentation) as raised:
        library.get("/book", "id=eq.x")
    assert raised.value.diag.message_primary == 'invalid input syntax for type integer: "x"'
