"""Section 5: upserts."""

from suite.case import error, get, post, rule

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
        "upsert-merge",
        "§5",
        1,
        "merge-duplicates updates all sent columns, by primary key",
        post(
            "/tower",
            {"id": 1, "name": "x"},
            [{"id": 1, "name": "x"}],
            200,
            prefer=MERGE,
            answer={"Preference-Applied": "resolution=merge-duplicates, return=representation"},
        ),
        post(
            "/item?select=id,name,kind,size",
            {"id": 1, "name": "new"},
            [{"id": 1, "name": "new", "kind": "plain", "size": 1}],
            200,
            prefer=MERGE,
        ),
        post(
            "/item?select=id,name,size",
            [{"id": 1, "name": "a"}, {"id": 9, "name": "b"}],
            [{"id": 1, "name": "a", "size": 1}, {"id": 9, "name": "b", "size": 7}],
            201,
            prefer=MERGE,
        ),
        post(
            "/pair",
            [{"a": 1, "b": "x", "v": "new"}],
            [{"a": 1, "b": "x", "v": "new"}],
            200,
            prefer=MERGE,
        ),
        post("/keyonly", [{"k": 1}, {"k": 2}], [{"k": 1}, {"k": 2}], 201, prefer=MERGE),
    ),
    rule(
        "upsert-ignore",
        "§5",
        1,
        "ignore-duplicates leaves rows that exist",
        post(
            "/tower",
            [{"id": 1, "name": "x"}, {"id": 9, "name": "y"}],
            [{"id": 9, "name": "y"}],
            201,
            prefer=IGNORE,
        ),
    ),
    rule(
        "upsert-conflict",
        "§5",
        1,
        "on_conflict chooses the columns; without resolution it does nothing; no such "
        "constraint is 42P10",
        post(
            "/coupon?on_conflict=code",
            {"code": "A", "amount": 9},
            [{"code": "A", "amount": 9, "note": "first"}],
            200,
            prefer=MERGE,
        ),
        post(
            "/coupon?on_conflict=code",
            [{"code": "A", "amount": 9}, {"code": "B", "amount": 8}],
            [{"code": "B", "amount": 8, "note": "none"}],
            201,
            prefer=IGNORE,
        ),
        post(
            "/ticket?on_conflict=seat&select=id,seat",
            {"seat": "A1"},
            [{"id": 1, "seat": "A1"}],
            200,
            prefer=MERGE,
        ),
        post(
            "/coupon?on_conflict=code",
            {"code": "A", "amount": 9},
            error(
                "23505",
                'duplicate key value violates unique constraint "coupon_code_key"',
                "Key (code)=(A) already exists.",
            ),
            409,
        ),
        post(
            "/coupon?on_conflict=amount",
            {"code": "B", "amount": 1},
            error(
                "42P10",
                "there is no unique or exclusion constraint matching the ON CONFLICT specification",
            ),
            400,
            prefer=MERGE,
        ),
        post(
            "/pair?on_conflict=a,b",
            {"a": 1, "b": "x", "v": "z"},
            [{"a": 1, "b": "x", "v": "z"}],
            200,
            prefer=MERGE,
        ),
        post(
            '/pair?on_conflict="a","b"',
            {"a": 1, "b": "x", "v": "z"},
            [{"a": 1, "b": "x", "v": "z"}],
            200,
            prefer=MERGE,
        ),
    ),
    rule(
        "upsert-keyless",
        "§5",
        1,
        "Neither on_conflict nor a primary key: a plain insert, the preference not echoed",
        post(
            "/keyless",
            {"x": 1, "y": "a"},
            [{"x": 1, "y": "a"}],
            201,
            prefer=MERGE,
            answer={"Preference-Applied": "return=representation"},
        ),
    ),
    rule(
        "upsert-empty",
        "§5",
        1,
        "No column at all is DO NOTHING",
        post("/ticket", {}, status=201, prefer="resolution=merge-duplicates"),
    ),
    rule(
        "insert-then-nothing",
        "§5",
        1,
        "A refused request has written nothing; one that was not is committed",
        post(
            "/tower",
            [{"id": 8, "name": "x"}, {"id": 1, "name": "y"}],
            status=409,
            profile="committing",
        ).leaving("SELECT count(*) FROM api.tower", [(2,)]),
        post("/tower", {"id": 8, "name": "x"}, status=201, profile="committing")
        .leaving("SELECT name FROM api.tower WHERE id = 8", [("x",)])
        .around(undo="DELETE FROM api.tower WHERE id = 8"),
        post(
            "/tower?select=id,nothere",
            {"id": 8},
            status=400,
            prefer=REPRESENTATION,
            profile="committing",
        ).leaving("SELECT count(*) FROM api.tower", [(2,)]),
        post(
            "/tower",
            [{"id": 7}, {"id": 8}],
            error(
                "PGRST116",
                "Cannot coerce the result to a single JSON object",
                "The result contains 2 rows",
            ),
            406,
            accept="application/vnd.pgrst.object+json",
            prefer=REPRESENTATION,
            profile="committing",
        ).leaving("SELECT count(*) FROM api.tower", [(2,)]),
        get("/tower?select=id", [{"id": 1}, {"id": 2}]),
    ),
)
