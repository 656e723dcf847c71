"""Writes, calls and failures of the JavaScript client."""

from javascript_case import Case

BOOKINGS = "SELECT json_agg(client ORDER BY id) FROM booking"
SEATS = "SELECT json_agg(seat ORDER BY id) FROM booking"
BEFORE = {BOOKINGS: ["ada", "bob", "ada", "cleo"], SEATS: [1, 2, 3, None]}
TWO = [{"client": "d", "service_id": 4}, {"client": "e", "service_id": 4, "seat": 9}]

WRITES = (
    Case(
        "insert: nothing comes back unasked",
        (("from", "booking"), ("insert", {"client": "d", "service_id": 4})),
        data=None,
        status=201,
        after={BOOKINGS: ["ada", "bob", "ada", "cleo", "d"]},
    ),
    Case(
        "insert: one row, as an object",
        (
            ("from", "booking"),
            ("insert", {"client": "d", "service_id": 4}),
            ("select",),
            ("single",),
        ),
        data={"id": 5, "client": "d", "service_id": 4, "seat": 7, "state": "new", "note": None},
        status=201,
    ),
    Case(
        "insert: unlike keys become NULL, a count",
        (("from", "booking"), ("insert", TWO, {"count": "exact"}), ("select", "client, seat")),
        data=[{"client": "d", "seat": None}, {"client": "e", "seat": 9}],
        count=2,
        status=201,
    ),
    Case(
        "insert: unlike keys become the default",
        (
            ("from", "booking"),
            ("insert", TWO, {"defaultToNull": False}),
            ("select", "client, seat"),
        ),
        data=[{"client": "d", "seat": 7}, {"client": "e", "seat": 9}],
        status=201,
    ),
    Case(
        "insert: a BigInt arrives whole",
        (
            ("from", "booking"),
            ("insert", {"id": {"$bigint": "9007199254740993"}, "client": "d", "service_id": 4}),
            ("select", "id::text"),
        ),
        data=[{"id": "9007199254740993"}],
        status=201,
    ),
    Case(
        "upsert: by the primary key",
        (
            ("from", "booking"),
            ("upsert", {"id": 2, "client": "bob", "service_id": 1, "seat": 5}),
            ("select", "id, seat, note"),
        ),
        data=[{"id": 2, "seat": 5, "note": "late"}],
        after={SEATS: [1, 5, 3, None]},
    ),
    Case(
        "upsert: by other columns",
        (
            ("from", "booking"),
            (
                "upsert",
                [{"client": "ada", "service_id": 1, "seat": 11}, {"client": "z", "service_id": 1}],
                {"onConflict": "client,service_id", "count": "exact", "defaultToNull": False},
            ),
            ("select", "client, seat"),
        ),
        data=[{"client": "ada", "seat": 11}, {"client": "z", "seat": 7}],
        count=2,
        status=201,
    ),
    Case(
        "upsert: duplicates left as they are",
        (
            ("from", "booking"),
            (
                "upsert",
                [{"client": "ada", "service_id": 1}, {"client": "z", "service_id": 1}],
                {"onConflict": "client,service_id", "ignoreDuplicates": True},
            ),
            ("select", "client"),
        ),
        data=[{"client": "z"}],
        status=201,
    ),
    Case(
        "update: nothing comes back unasked",
        (("from", "booking"), ("update", {"note": "seen"}), ("eq", "client", "ada")),
        data=None,
        status=204,
        after={"SELECT json_agg(note ORDER BY id) FROM booking": ["seen", "late", "seen", None]},
    ),
    Case(
        "update: a count and rows",
        (
            ("from", "booking"),
            ("update", {"note": "seen"}, {"count": "exact"}),
            ("eq", "client", "ada"),
            ("select", "id, note"),
            ("order", "id"),
        ),
        data=[{"id": 1, "note": "seen"}, {"id": 3, "note": "seen"}],
        count=2,
    ),
    Case(
        "update: more than allowed",
        (
            ("from", "booking"),
            ("update", {"seat": 50}),
            ("eq", "client", "ada"),
            ("maxAffected", 1),
        ),
        data=None,
        error={
            "code": "PGRST124",
            "details": "The query affects 2 rows",
            "hint": None,
            "message": "Query result exceeds max-affected preference constraint",
        },
        status=400,
        after=BEFORE,
    ),
    Case(
        "delete: rows and a count",
        (
            ("from", "booking"),
            ("delete", {"count": "exact"}),
            ("in", "id", [1, 2, 99]),
            ("select", "id"),
            ("order", "id"),
        ),
        data=[{"id": 1}, {"id": 2}],
        count=2,
        after={BOOKINGS: ["ada", "cleo"]},
    ),
    Case(
        "rolled back: the answer comes, the rows stay",
        (
            ("from", "booking"),
            ("delete",),
            ("eq", "client", "ada"),
            ("select", "id"),
            ("order", "id"),
            ("rollback",),
        ),
        data=[{"id": 1}, {"id": 3}],
        after=BEFORE,
    ),
)

CALLS = (
    Case("named arguments", (("rpc", "add", {"a": 1, "b": 2}),), data=3),
    Case("by GET", (("rpc", "add", {"a": 1, "b": 2}, {"get": True}),), data=3),
    Case(
        "nothing given",
        (("rpc", "who_am_i"),),
        key="anon",
        data={"role": "anon", "claimed": "anon", "sub": None},
    ),
    Case(
        "void",
        (("rpc", "rename_client", {"old": "ada", "new": "eva"}),),
        data=None,
        status=204,
        after={BOOKINGS: ["eva", "bob", "eva", "cleo"]},
    ),
    Case(
        "an array by GET",
        (("rpc", "echo_array", {"words": ["a", "b"]}, {"get": True}),),
        data=["a", "b"],
    ),
    Case(
        "rows, narrowed",
        (
            ("rpc", "masters_above", {"floor_rating": 3}, {"count": "exact"}),
            ("select", "id"),
            ("neq", "name", "Boris"),
            ("order", "id"),
            ("limit", 2),
        ),
        data=[{"id": 1}, {"id": 4}],
        count=3,
        status=206,
    ),
    Case(
        "the count alone",
        (("rpc", "masters_above", {"floor_rating": 4}, {"count": "exact", "head": True}),),
        data=None,
        count=3,
    ),
    Case("another schema", (("schema", "archive"), ("rpc", "count_bookings")), data=2),
)


def _error(code, message, details=None, hint=None):
    return {"code": code, "message": message, "details": details, "hint": hint}


ABSENT = _error(
    "PGRST205",
    "Could not find the table 'public.mastr' in the schema cache",
    hint="Perhaps you meant the table 'public.master'",
)
NO_ROWS = _error(
    "PGRST116", "Cannot coerce the result to a single JSON object", "The result contains 0 rows"
)

FAILURES = (
    Case(
        "no row for single",
        (("from", "master"), ("select",), ("eq", "id", 0), ("single",)),
        data=None,
        error=NO_ROWS,
        status=406,
        text="Not Acceptable",
    ),
    Case("an unknown table", (("from", "mastr"), ("select",)), data=None, error=ABSENT, status=404),
    Case(
        "an unknown table, no body: no error to the client",
        (("from", "mastr"), ("select", "*", {"head": True})),
        data=None,
        status=204,
    ),
    Case(
        "an unknown column",
        (("from", "master"), ("select", "unheard_of")),
        data=None,
        status=400,
        error=_error("42703", "column master.unheard_of does not exist"),
    ),
    Case(
        "a bad value",
        (("from", "master"), ("select",), ("eq", "id", "x")),
        data=None,
        error=_error("22P02", 'invalid input syntax for type integer: "x"'),
        status=400,
    ),
    Case(
        "a duplicate",
        (("from", "master"), ("insert", {"name": "Anna"})),
        data=None,
        status=409,
        error=_error(
            "23505",
            'duplicate key value violates unique constraint "master_name_key"',
            "Key (name)=(Anna) already exists.",
        ),
    ),
    Case(
        "no right",
        (("from", "booking"), ("select",)),
        key="anon",
        data=None,
        status=401,
        error=_error("42501", "permission denied for table booking"),
    ),
    Case(
        "what SQL raises",
        (("rpc", "refuse"),),
        data=None,
        status=400,
        error=_error("P0001", "the salon is closed", "it opens at nine", "come later"),
    ),
    Case(
        "a status that SQL raises",
        (("rpc", "teapot"),),
        data=None,
        status=418,
        text="I am a teapot",
        error=_error("PT418", "I am a teapot", "short", "and stout"),
    ),
    Case(
        "an error is thrown",
        (("from", "mastr"), ("select",), ("throwOnError",)),
        thrown={"name": "PostgrestError", **ABSENT},
    ),
    Case(
        "no error is thrown where there is none",
        (("from", "master"), ("select", "id"), ("eq", "id", 1), ("throwOnError",)),
        data=[{"id": 1}],
    ),
    Case(
        "given up before it began",
        (("from", "master"), ("select",), ("abortSignal", {"$signal": "aborted"})),
        data=None,
        status=0,
        check=lambda error: error["message"].startswith("AbortError"),
    ),
    Case(
        "given up while it ran",
        (("rpc", "sleep", {"seconds": 60}), ("abortSignal", {"$signal": 200})),
        data=None,
        status=0,
        check=lambda error: error["message"].startswith("TimeoutError"),
    ),
)
