"""Section 5: inserts and defaults."""

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
        "insert-columns",
        "§5",
        1,
        "Columns are the keys; an unknown one is PGRST204",
        post("/tower", {"id": 9, "nope": 1}, no_column("nope", "tower"), 400),
        post("/tower?columns=id,nope", {"id": 9}, no_column("nope", "tower"), 400),
        patch("/tower?id=eq.1", {"nope": 1}, no_column("nope", "tower"), 400),
        post(
            "/nothere", {"id": 9}, status=404, answer={"Proxy-Status": "PostgREST; error=PGRST205"}
        ),
    ),
    rule(
        "insert-columns-chosen",
        "§5",
        1,
        "With columns= keys outside are ignored and the text goes to the server unread",
        post(
            "/tower?columns=id",
            {"id": 9, "name": "x", "junk": 1},
            [{"id": 9, "name": None}],
            prefer=REPRESENTATION,
        ),
        post(
            "/tower?columns=id,name",
            [{"id": 8}, {"id": 9, "name": "y"}],
            [{"id": 8, "name": None}, {"id": 9, "name": "y"}],
            prefer=REPRESENTATION,
        ),
        post(
            '/tower?columns="id","name"',
            [{"id": 8, "name": "x"}],
            [{"id": 8, "name": "x"}],
            prefer=REPRESENTATION,
        ),
        post(
            "/tower?columns=name,id",
            [{"id": 8, "name": "x"}],
            [{"id": 8, "name": "x"}],
            prefer=REPRESENTATION,
        ),
        patch(
            "/tower?id=eq.1&columns=name",
            {"name": "x", "id": 77},
            [{"id": 1, "name": "x"}],
            200,
            prefer=REPRESENTATION,
        ),
        post(
            "/tower?columns=id", "{", status=400, answer={"Proxy-Status": "PostgREST; error=22P02"}
        ),
    ),
    rule(
        "insert-missing",
        "§5",
        1,
        "A key that is nowhere takes its default; one that is listed but absent is null, or "
        "the default on wish",
        post("/item", {"id": 9, "name": "n"}, [item(9)], prefer=REPRESENTATION),
        post(
            "/item",
            {"id": 9, "name": "n", "kind": None},
            [item(9, kind=None)],
            prefer=REPRESENTATION,
        ),
        post(
            "/item?columns=id,name,kind,size",
            [{"id": 9, "name": "n"}],
            [item(9, kind=None, size=None)],
            prefer=REPRESENTATION,
        ),
        post(
            "/item?columns=id,name,kind,size",
            [{"id": 9, "name": "n"}, {"id": 10, "name": "m", "kind": "k", "size": 1}],
            [item(9), item(10, "m", "k", 1)],
            prefer=REPRESENTATION + ",missing=default",
            answer={"Preference-Applied": "missing=default, return=representation"},
        ),
        post(
            "/item?columns=id,name,kind",
            [{"id": 9, "name": "n", "kind": None}],
            [item(9, kind=None)],
            prefer=REPRESENTATION + ",missing=default",
        ),
        post(
            "/item?columns=name,id&select=id,name",
            [{"name": "n"}],
            [{"id": 100, "name": "n"}],
            prefer=REPRESENTATION + ",missing=default",
        ),
        post(
            "/item?columns=id,name,kind,size",
            [{"id": 9, "name": "n"}],
            [item(9, kind=None, size=None)],
            prefer=REPRESENTATION + ",missing=null",
        ),
    ),
    rule(
        "insert-missing-domain",
        "§5",
        2,
        "A domain's default counts only if the column has none",
        post(
            "/graded?columns=id,grade,other",
            [{"id": 1}],
            [{"id": 1, "grade": "C", "other": "B"}],
            prefer=REPRESENTATION + ",missing=default",
        ),
        post("/graded", {"id": 1}, [{"id": 1, "grade": "C", "other": "B"}], prefer=REPRESENTATION),
    ),
    rule(
        "insert-empty",
        "§5",
        1,
        "{} inserts one row of defaults, [{},{}] two, [] nothing",
        post("/keyless", {}, [{"x": None, "y": None}], prefer=REPRESENTATION),
        post(
            "/keyless",
            [{}, {}],
            [{"x": None, "y": None}, {"x": None, "y": None}],
            prefer=REPRESENTATION,
        ),
        post("/keyless", [], [], prefer=REPRESENTATION),
        post("/tower", [], text="", status=201),
        post("/ticket?select=id,seat", {}, [{"id": 500, "seat": None}], prefer=REPRESENTATION),
    ),
    rule(
        "insert-generated",
        "§5",
        1,
        "Values for GENERATED and identity ALWAYS columns are the server's 428C9",
        post(
            "/item",
            {"id": 9, "name": "n", "doubled": 1},
            error(
                "428C9",
                'cannot insert a non-DEFAULT value into column "doubled"',
                'Column "doubled" is a generated column.',
            ),
            400,
        ),
        post(
            "/ticket",
            {"id": 9},
            error(
                "428C9",
                'cannot insert a non-DEFAULT value into column "id"',
                'Column "id" is an identity column defined as GENERATED ALWAYS.',
                "Use OVERRIDING SYSTEM VALUE to override.",
            ),
            400,
        ),
        patch(
            "/item?id=eq.1",
            {"doubled": 1},
            error(
                "428C9",
                'column "doubled" can only be updated to DEFAULT',
                'Column "doubled" is a generated column.',
            ),
            400,
        ),
    ),
    rule(
        "insert-view",
        "§5",
        1,
        "Views can be written where PostgreSQL can",
        post(
            "/item_view",
            {"id": 9, "name": "n"},
            [{"id": 9, "name": "n", "kind": "plain"}],
            prefer=REPRESENTATION,
        ),
        post(
            "/item_view",
            {"id": 9, "name": "n"},
            prefer="return=headers-only",
            answer={"Location": "/item_view?id=eq.9"},
        ),
        post("/item_door", {"id": 9, "loud": "N"}, [{"id": 9, "loud": "N"}], prefer=REPRESENTATION),
    ),
    rule(
        "insert-errors",
        "§5 §9",
        1,
        "A refused row is the server's error",
        post(
            "/tower",
            {"id": 1},
            error(
                "23505",
                'duplicate key value violates unique constraint "tower_pkey"',
                "Key (id)=(1) already exists.",
            ),
            409,
        ),
        post(
            "/ship",
            {"id": 9, "name": "x", "harbour_id": 77},
            error(
                "23503",
                'insert or update on table "ship" violates foreign key constraint '
                '"ship_harbour_id_fkey"',
                'Key (harbour_id)=(77) is not present in table "harbour".',
            ),
            409,
        ),
        post(
            "/ship",
            {"id": 9},
            error(
                "23502",
                'null value in column "name" of relation "ship" violates not-null constraint',
                "Failing row contains (9, null, null, null, null).",
            ),
            400,
        ),
        post(
            "/item",
            {"id": 9, "name": "n", "size": 5000},
            status=400,
            answer={"Proxy-Status": "PostgREST; error=23514"},
        ),
        post(
            "/tower", {"id": "x"}, error("22P02", 'invalid input syntax for type integer: "x"'), 400
        ),
    ),
)
