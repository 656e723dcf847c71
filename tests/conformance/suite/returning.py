"""Section 5: what mutations return."""

from suite.case import delete, error, patch, post, rule

REPRESENTATION = "return=representation"
SINGULAR = "application/vnd.pgrst.object+json"
PUT_FILTERS = error(
    "PGRST105", "Filters must include all and only primary key columns with 'eq' operators"
)
PUT_WINDOW = error("PGRST114", "limit/offset querystring parameters are not allowed for PUT")
PUT_KEY = error("PGRST115", "Payload values do not match URL in primary key column(s)")


def not_one(rows):
    """Return the refusal of a singular answer."""
    return error(
        "PGRST116",
        "Cannot coerce the result to a single JSON object",
        f"The result contains {rows} rows",
    )


RULES = (
    rule(
        "returned-order",
        "§3",
        1,
        "order holds for the returned rows of mutations",
        patch(
            "/tower?order=id.desc&select=id",
            {"name": "x"},
            [{"id": 2}, {"id": 1}],
            200,
            prefer=REPRESENTATION,
            ordered=True,
        ),
        delete(
            "/part?order=label.desc&select=label",
            [{"label": "c"}, {"label": "b"}, {"label": "a"}],
            200,
            prefer=REPRESENTATION,
            ordered=True,
        ),
        post(
            "/tower?order=id.desc&select=id",
            [{"id": 8}, {"id": 9}],
            [{"id": 9}, {"id": 8}],
            prefer=REPRESENTATION,
            ordered=True,
        ),
    ),
    rule(
        "returned-columns",
        "§5",
        1,
        "select shapes the representation: aliases, casts, computed fields",
        post("/tower?select=n:id::text", {"id": 9}, [{"n": "9"}], prefer=REPRESENTATION),
        patch(
            "/item?id=eq.1&select=shout",
            {"kind": "k"},
            [{"shout": "ONE"}],
            200,
            prefer=REPRESENTATION,
        ),
        delete(
            "/item?id=eq.3&select=id,shout",
            [{"id": 3, "shout": "THREE"}],
            200,
            prefer=REPRESENTATION,
        ),
        post(
            "/parcel?select=docb->a", {"id": 1, "docb": {"a": 5}}, [{"a": 5}], prefer=REPRESENTATION
        ),
    ),
    rule(
        "returned-minimal",
        "§5",
        1,
        "minimal needs no right to read; select is checked and then unused",
        post("/dropbox", {"id": 1, "body": "x"}, text=""),
        post("/dropbox", {"id": 1, "body": "x"}, text="", prefer="return=minimal"),
        post(
            "/dropbox",
            {"id": 1, "body": "x"},
            error("42501", "permission denied for table dropbox"),
            401,
            prefer=REPRESENTATION,
            answer={"WWW-Authenticate": "Bearer"},
        ),
        patch(
            "/tower?id=eq.1&select=id,",
            {"name": "x"},
            status=400,
            answer={"Proxy-Status": "PostgREST; error=PGRST100"},
        ),
        post(
            "/tower?select=ship(*)",
            {"id": 9},
            status=400,
            answer={"Proxy-Status": "PostgREST; error=PGRST200"},
        ),
    ),
    rule(
        "returned-location",
        "§5",
        1,
        "Location holds all key columns, percent-encoded",
        post(
            "/pair",
            {"a": 3, "b": "x & y", "v": "v"},
            prefer="return=headers-only",
            answer={"Location": "/pair?a=eq.3&b=eq.x%20%26%20y"},
        ),
        post(
            "/ticket",
            {"seat": "B"},
            prefer="return=headers-only",
            answer={"Location": "/ticket?id=eq.500"},
        ),
        post(
            "/tower?select=name",
            {"id": 9, "name": "x"},
            prefer="return=headers-only",
            answer={"Location": "/tower?id=eq.9"},
        ),
    ),
    rule(
        "returned-singular",
        "§5",
        1,
        "A singular Accept with another number of rows is PGRST116 and a rollback, with "
        "minimal too",
        patch(
            "/tower?id=eq.1",
            {"name": "x"},
            {"id": 1, "name": "x"},
            200,
            prefer=REPRESENTATION,
            accept=SINGULAR,
        ),
        patch(
            "/tower",
            {"name": "x"},
            not_one(2),
            406,
            prefer=REPRESENTATION,
            accept=SINGULAR,
            profile="committing",
        ).leaving("SELECT name FROM api.tower ORDER BY id", [("east",), ("west",)]),
        patch(
            "/tower", {"name": "x"}, not_one(2), 406, accept=SINGULAR, profile="committing"
        ).leaving("SELECT name FROM api.tower ORDER BY id", [("east",), ("west",)]),
        delete("/part?id=eq.99", not_one(0), 406, prefer=REPRESENTATION, accept=SINGULAR),
        delete("/part", not_one(3), 406, accept=SINGULAR, profile="committing").leaving(
            "SELECT count(*) FROM api.part", [(3,)]
        ),
        post("/tower", [{"id": 8}, {"id": 9}], not_one(2), 406, accept=SINGULAR),
        post(
            "/tower",
            {"id": 9, "name": "x"},
            {"id": 9, "name": "x"},
            201,
            prefer=REPRESENTATION,
            accept=SINGULAR,
        ),
    ),
    rule(
        "returned-uncapped",
        "§5",
        1,
        "db-max-rows cuts neither mutations nor what they return",
        delete(
            "/part?select=id",
            [{"id": 1}, {"id": 2}, {"id": 3}],
            200,
            prefer=REPRESENTATION,
            profile="capped",
        ),
        post(
            "/keyonly",
            [{"k": 7}, {"k": 8}, {"k": 9}],
            [{"k": 7}, {"k": 8}, {"k": 9}],
            prefer=REPRESENTATION,
            profile="capped",
        ),
    ),
)
