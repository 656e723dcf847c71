"""Section 5: deletes, PUT and the end of a transaction."""

from suite.case import delete, error, get, post, put, rule

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
        "delete",
        "§5",
        1,
        "DELETE removes the rows that the filters choose",
        delete(
            "/part?item_id=eq.1&order=id",
            [{"id": 1, "item_id": 1, "label": "a"}, {"id": 2, "item_id": 1, "label": "b"}],
            200,
            prefer=REPRESENTATION,
        ),
        delete(
            "/part?label=in.(a,c)&select=id", [{"id": 1}, {"id": 3}], 200, prefer=REPRESENTATION
        ),
        delete(
            "/ship?id=eq.1",
            error(
                "23503",
                'update or delete on table "ship" violates foreign key constraint '
                '"cargo_ship_id_fkey" on table "cargo"',
                'Key (id)=(1) is still referenced from table "cargo".',
            ),
            409,
        ),
        delete("/part?id=eq.1", profile="committing")
        .leaving("SELECT id FROM api.part ORDER BY id", [(2,), (3,)])
        .around(undo="INSERT INTO api.part VALUES (1, 1, 'a')"),
    ),
    rule(
        "put",
        "§5",
        2,
        "PUT inserts or updates one row that the URL names by its whole primary key",
        put(
            "/tower?id=eq.1",
            {"id": 1, "name": "x"},
            [{"id": 1, "name": "x"}],
            200,
            prefer=REPRESENTATION,
        ),
        put(
            "/tower?id=eq.9",
            {"id": 9, "name": "x"},
            [{"id": 9, "name": "x"}],
            201,
            prefer=REPRESENTATION,
        ),
        put(
            "/pair?a=eq.1&b=eq.x",
            {"a": 1, "b": "x", "v": "n"},
            [{"a": 1, "b": "x", "v": "n"}],
            200,
            prefer=REPRESENTATION,
        ),
        put(
            "/tower?id=eq.1",
            [{"id": 1, "name": "x"}],
            [{"id": 1, "name": "x"}],
            200,
            prefer=REPRESENTATION,
        ),
        put("/tower?id=eq.1", {"id": 1, "name": "x"}, answer={"Content-Range": None}),
    ),
    rule(
        "put-filters",
        "§5",
        2,
        "Other filters are PGRST105, a window PGRST114",
        put("/tower", {"id": 1}, PUT_FILTERS, 405),
        put("/tower?name=eq.x", {"id": 1}, PUT_FILTERS, 405),
        put("/tower?id=gt.1", {"id": 1}, PUT_FILTERS, 405),
        put("/tower?id=not.eq.1", {"id": 1}, PUT_FILTERS, 405),
        put("/tower?id=eq(any).{1}", {"id": 1}, PUT_FILTERS, 405),
        put("/tower?id=eq.1&name=eq.x", {"id": 1}, PUT_FILTERS, 405),
        put("/pair?a=eq.1", {"a": 1, "b": "x"}, PUT_FILTERS, 405),
        put("/tower?id=eq.1&or=(id.eq.1)", {"id": 1}, PUT_FILTERS, 405),
        put("/keyless?x=eq.1", {"x": 1}, PUT_FILTERS, 405),
        put("/tower?id=eq.1&limit=1", {"id": 1}, PUT_WINDOW, 400),
        put("/tower?id=eq.1&offset=1", {"id": 1}, PUT_WINDOW, 400),
    ),
    rule(
        "put-key",
        "§5",
        2,
        "Another key in the body is PGRST115 and nothing is written; other rows of an array "
        "are dropped",
        put("/tower?id=eq.1", {"id": 2, "name": "x"}, PUT_KEY, 400),
        put("/tower?id=eq.1", [], status=400),
        put(
            "/tower?id=eq.1",
            [{"id": 1, "name": "x"}, {"id": 2, "name": "y"}],
            [{"id": 1, "name": "x"}],
            200,
            prefer=REPRESENTATION,
        ),
        put("/tower?id=eq.1", {"name": "x"}, status=400),
    ),
    rule(
        "put-view",
        "§5",
        2,
        "A view counts with its derived key",
        put("/item_view?name=eq.1", {"id": 1, "name": "x"}, PUT_FILTERS, 405),
    ),
    rule(
        "deferred",
        "§8",
        1,
        "An error of a deferred constraint at COMMIT is an error answer",
        post(
            "/later",
            {"id": 5, "parent": 77},
            status=409,
            answer={"Proxy-Status": "PostgREST; error=23503"},
            profile="committing",
        ).leaving("SELECT count(*) FROM api.later", [(1,)]),
        post(
            "/later",
            {"id": 5, "parent": 77},
            status=409,
            answer={"Proxy-Status": "PostgREST; error=23503"},
        ),
    ),
    rule(
        "tx",
        "§7 §8",
        2,
        "tx=rollback and tx=commit where db-tx-end allows, echoed; elsewhere ignored",
        post(
            "/tower",
            {"id": 9, "name": "x"},
            [{"id": 9, "name": "x"}],
            prefer="tx=rollback,return=representation",
            profile="committing",
            answer={"Preference-Applied": "return=representation, tx=rollback"},
        ).leaving("SELECT count(*) FROM api.tower", [(2,)]),
        post(
            "/later",
            {"id": 5, "parent": 77},
            status=409,
            prefer="tx=rollback",
            profile="committing",
        ),
        get(
            "/tower?id=eq.1", status=200, prefer="tx=rollback", answer={"Preference-Applied": None}
        ),
        get(
            "/tower?id=eq.1",
            status=200,
            prefer="handling=strict,tx=rollback",
            answer={"Preference-Applied": "handling=strict"},
        ),
    ),
)
