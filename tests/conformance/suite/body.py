"""Section 5: bodies of mutations."""

from decimal import Decimal

from suite.case import error, patch, post, rule

REPRESENTATION = "return=representation"
MERGE = "resolution=merge-duplicates,return=representation"
IGNORE = "resolution=ignore-duplicates,return=representation"
BAD_JSON = error("PGRST102", "Empty or invalid json")
UNLIKE = error("PGRST102", "All object keys must match")
UNEVEN = error("PGRST102", "All lines must have same number of fields")
CSV = "text/csv"
FORM = "application/x-www-form-urlencoded"


def no_column(column, table):
    """Return the refusal of an unknown column of a body."""
    return error(
        "PGRST204", f"Could not find the '{column}' column of '{table}' in the schema cache"
    )


def item(id_, name="n", kind="plain", size=7, made=None):
    """Return a row of items."""
    return {
        "id": id_,
        "name": name,
        "kind": kind,
        "size": size,
        "made": made,
        "doubled": size and size * 2,
    }


RULES = (
    rule(
        "body-json",
        "§5",
        1,
        "A JSON body is an object or an array of objects with equal key sets",
        post("/tower", {"id": 9, "name": "x"}, [{"id": 9, "name": "x"}], prefer=REPRESENTATION),
        post(
            "/tower",
            [{"id": 8, "name": "x"}, {"name": "y", "id": 9}],
            [{"id": 8, "name": "x"}, {"id": 9, "name": "y"}],
            prefer=REPRESENTATION,
        ),
        post("/tower", [{"id": 8}, {"id": 9, "name": "y"}], UNLIKE, 400),
        post("/tower", [{"id": 8}, {"name": "y"}], UNLIKE, 400),
        post(
            "/tower",
            '{"id": 9, "name": "x"}',
            [{"id": 9, "name": "x"}],
            prefer=REPRESENTATION,
            kind="application/json; charset=utf-8",
        ),
        post("/tower", [{"id": 9}, 3], UNLIKE, 400),
    ),
    rule(
        "body-json-bad",
        "§5",
        1,
        "Empty or broken JSON is PGRST102",
        post("/tower", None, BAD_JSON, 400),
        post("/tower", "{", BAD_JSON, 400),
        post("/tower", "", BAD_JSON, 400, kind="application/json"),
        post("/tower", '{"id": 9} x', BAD_JSON, 400),
        post("/tower", "{'id': 9}", BAD_JSON, 400),
        patch("/tower?id=eq.1", "", BAD_JSON, 400),
        post("/tower", b'{"id": 9, "name": "\xff"}', status=400),
    ),
    rule(
        "body-json-scalar",
        "§5",
        1,
        "Any other JSON value counts as []",
        post("/tower", "3", [], prefer=REPRESENTATION),
        post("/tower", '"x"', [], prefer=REPRESENTATION),
        post("/tower", "null", [], prefer=REPRESENTATION),
        post("/tower", "true", [], prefer=REPRESENTATION),
    ),
    rule(
        "body-digits",
        "§5",
        1,
        "Digits and text arrive as sent",
        post(
            "/parcel?select=num",
            '{"id": 1, "num": 1.10}',
            [{"num": Decimal("1.10")}],
            prefer=REPRESENTATION,
        ),
        post(
            "/parcel?select=num",
            '{"id": 1, "num": 12345678901234567890.123456789}',
            [{"num": Decimal("12345678901234567890.123456789")}],
            prefer=REPRESENTATION,
        ),
        post(
            "/parcel?select=docb",
            '{"id": 1, "docb": {"n": 1.50}}',
            [{"docb": {"n": Decimal("1.50")}}],
            prefer=REPRESENTATION,
        ),
    ),
    rule(
        "body-types",
        "§5",
        1,
        "json, arrays and composites are taken from JSON",
        post(
            "/parcel?select=doc,docb,ints",
            {"id": 1, "doc": {"a": [1]}, "docb": [1, {"b": 2}], "ints": [1, None, 3]},
            [{"doc": {"a": [1]}, "docb": [1, {"b": 2}], "ints": [1, None, 3]}],
            prefer=REPRESENTATION,
        ),
        post(
            "/parcel?select=pair",
            {"id": 1, "pair": {"x": 1, "y": "q"}},
            [{"pair": {"x": 1, "y": "q"}}],
            prefer=REPRESENTATION,
        ),
        post("/parcel?select=doc", {"id": 1, "doc": None}, [{"doc": None}], prefer=REPRESENTATION),
        post(
            "/parcel?select=ints",
            {"id": 1, "ints": "{4,5}"},
            [{"ints": [4, 5]}],
            prefer=REPRESENTATION,
        ),
    ),
    rule(
        "body-csv",
        "§5",
        2,
        "CSV has a header line; NULL is null, nothing is an empty text; uneven lines are refused",
        post(
            "/tower",
            "id,name\n8,x\n9,y",
            [{"id": 8, "name": "x"}, {"id": 9, "name": "y"}],
            prefer=REPRESENTATION,
            kind=CSV,
        ),
        post(
            "/tower",
            "id,name\n8,NULL\n9,",
            [{"id": 8, "name": None}, {"id": 9, "name": ""}],
            prefer=REPRESENTATION,
            kind=CSV,
        ),
        post(
            "/tower",
            'id,name\n8,"NULL"\n',
            [{"id": 8, "name": None}],
            prefer=REPRESENTATION,
            kind=CSV,
        ),
        post(
            "/tower",
            'id,name\n8,"a,""b"""\r\n9,"c\nd"\r\n',
            [{"id": 8, "name": 'a,"b"'}, {"id": 9, "name": "c\nd"}],
            prefer=REPRESENTATION,
            kind=CSV,
        ),
        post("/tower", "id,name\n8\n9,x\n", UNEVEN, 400, kind=CSV),
        post("/tower", "id,name\n8,x\n9\n", UNEVEN, 400, kind=CSV),
        post("/tower", "id,nope\n8,x\n", no_column("nope", "tower"), 400, kind=CSV),
        post(
            "/tower",
            "id,name\n8,x",
            [{"id": 8, "name": "x"}],
            prefer=REPRESENTATION,
            kind="text/csv; charset=utf-8",
        ),
    ),
    rule(
        "body-form",
        "§5",
        2,
        "A form is one row of texts, the last value of a repeated key",
        post(
            "/tower",
            "id=9&name=a+b%21",
            [{"id": 9, "name": "a b!"}],
            prefer=REPRESENTATION,
            kind=FORM,
        ),
        post(
            "/tower",
            "id=9&name=a&name=b",
            [{"id": 9, "name": "b"}],
            prefer=REPRESENTATION,
            kind=FORM,
        ),
        patch(
            "/tower?id=eq.1",
            "name=z",
            [{"id": 1, "name": "z"}],
            200,
            prefer=REPRESENTATION,
            kind=FORM,
        ),
    ),
    rule(
        "body-other",
        "§5",
        1,
        "Any other type is refused; on DELETE a body is ignored",
        post(
            "/tower",
            "x",
            error("PGRST102", "Content-Type not acceptable: application/xml"),
            400,
            kind="application/xml",
        ),
        patch(
            "/tower?id=eq.1",
            "x",
            error("PGRST102", "Content-Type not acceptable: text/plain"),
            400,
            kind="text/plain",
        ),
    ),
)
