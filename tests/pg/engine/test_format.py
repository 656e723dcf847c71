"""Bodies of every format."""

import pytest

OBJECT = "application/vnd.pgrst.object+json"


def test_an_object(library):
    """One row comes as an object."""
    answered = library.get("/genre", "id=eq.2", accept=OBJECT)
    assert answered.text == '{"id":2,"name":"travel"}'
    assert answered.header("Content-Type") == OBJECT + "; charset=utf-8"


@pytest.mark.parametrize(("query", "rows"), [("", 3), ("id=eq.9", 0)])
def test_an_object_of_another_number_of_rows(library, query, rows):
    """None or several rows are no object."""
    answered = library.get("/genre", query, accept=OBJECT)
    assert answered.status == 406
    assert answered.json == {
        "code": "PGRST116",
        "details": f"The result contains {rows} rows",
        "hint": None,
        "message": "Cannot coerce the result to a single JSON object",
    }


def test_head_of_an_object_is_checked(library):
    """HEAD counts rows too."""
    assert library.get("/genre", method="HEAD", accept=OBJECT).status == 406


def test_nulls_stripped(library):
    """Members that are null are gone at every depth."""
    answered = library.get(
        "/author",
        "select=id,country,book(id,price)&id=eq.2",
        accept="application/vnd.pgrst.array+json;nulls=stripped",
    )
    assert answered.text == '[{"id":2,"book":[{"id":3,"price":7.25}]}]'
    assert answered.header("Content-Type") == (
        "application/vnd.pgrst.array+json;nulls=stripped; charset=utf-8"
    )


def test_an_object_with_nulls_stripped(library):
    """The same for one row."""
    answered = library.get(
        "/author", "select=id,country&id=eq.2", accept=OBJECT + ";nulls=stripped"
    )
    assert answered.text == '{"id":2}'


def test_csv(library):
    """Rows come as PostgreSQL's row text under a line of names."""
    answered = library.get(
        "/book", "select=id,title,tags,is_lent,price&order=id&limit=3", accept="text/csv"
    )
    assert answered.text == (
        "id,title,tags,is_lent,price\n"
        '1,Engines,"{red,""a,b""}",t,12.50\n'
        "2,Notes,{},f,9.00\n"
        "3,Winter,{blue},,7.25"
    )
    assert answered.header("Content-Type") == "text/csv; charset=utf-8"


def test_csv_of_no_rows(library):
    """Without a row there are no names."""
    assert library.get("/nothing", accept="text/csv").text == "\n"


def test_csv_escapes(library):
    """Quotes are doubled, as are backslashes."""
    answered = library.get("/odd%20%22name", 'select="a.b","order"&id=eq.2', accept="text/csv")
    assert answered.text == 'a.b,order\n"q""q","a,b"'


def test_a_type_that_nobody_makes(library):
    """The types that were asked for are named."""
    answered = library.get("/genre", accept="text/html, x/y")
    assert answered.status == 406
    assert answered.json["message"] == "None of these media types are available: text/html, x/y"


@pytest.mark.parametrize("kind", ["text", "json"])
def test_a_plan(library, kind):
    """A plan is what EXPLAIN says of the statement."""
    answered = library.set(has_plans=True).get(
        "/genre", "id=eq.1", accept=f"application/vnd.pgrst.plan+{kind}"
    )
    assert answered.status == 200
    assert "Aggregate" in answered.text
    assert answered.header("Content-Type") == (
        f'application/vnd.pgrst.plan+{kind}; for="application/json"; charset=utf-8'
    )


def test_plans_are_off(library):
    """Where plans are off, a plan is no type."""
    answered = library.get("/genre", accept="application/vnd.pgrst.plan")
    assert answered.json["code"] == "PGRST107"


def test_options(library):
    """OPTIONS tells what a relation permits."""
    assert library.get("/book", method="OPTIONS").header("Allow") == (
        "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE"
    )
    assert library.get("/rpc/announce", method="OPTIONS").header("Allow") == (
        "OPTIONS,GET,HEAD,POST"
    )


def test_the_root(library):
    """The root describes the resources of the schema."""
    answered = library.get("/")
    assert answered.status == 200
    assert answered.header("Content-Type") == "application/openapi+json; charset=utf-8"
    assert answered.json["swagger"] == "2.0"
    assert "/book" in answered.json["paths"]
    assert answered.json["definitions"]["genre"]["required"] == ["id", "name"]


def test_headers_from_sql(library):
    """A function sets headers and the status, in place of ours."""
    answered = library.get("/rpc/announce")
    assert answered.status == 203
    headers = answered.reply.headers
    assert [pair for pair in headers if pair[0].lower() in ("x-a", "vary")] == [
        ("X-A", "1"),
        ("x-a", "2"),
        ("Vary", "X"),
    ]
