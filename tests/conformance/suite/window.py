"""Section 7: ranges and counts."""

from suite.case import call, delete, error, get, head, patch, post, rule

LIMIT = error(
    "PGRST103", "Requested range not satisfiable", "Limit should be greater than or equal to zero."
)
BOUNDS = error(
    "PGRST103",
    "Requested range not satisfiable",
    "The lower boundary must be lower than or equal to the upper boundary in the Range header.",
)
STRICT_MAX = "handling=strict,max-affected={}"


def beyond(offset, rows):
    """Return the refusal of an offset above the total."""
    return error(
        "PGRST103",
        "Requested range not satisfiable",
        f"An offset of {offset} was requested, but there are only {rows} rows.",
    )


def span(content_range):
    """Return the header of a range."""
    return {"Content-Range": content_range}


def too_many(rows):
    """Return the refusal of more rows than allowed."""
    return error(
        "PGRST124",
        "Query result exceeds max-affected preference constraint",
        f"The query affects {rows} rows",
    )


RULES = (
    rule(
        "window-limit",
        "§7",
        1,
        "limit and offset cut; what is no number is ignored; limit=0 gives []",
        get(
            "/ship?select=id&order=id&limit=2",
            [{"id": 1}, {"id": 2}],
            ordered=True,
            answer=span("0-1/*"),
        ),
        get(
            "/ship?select=id&order=id&offset=2",
            [{"id": 3}, {"id": 4}],
            ordered=True,
            answer=span("2-3/*"),
        ),
        get("/ship?select=id&order=id&limit=1&offset=1", [{"id": 2}], answer=span("1-1/*")),
        get("/ship?select=id&limit=x&id=eq.1", [{"id": 1}]),
        get("/ship?select=id&offset=x&id=eq.1", [{"id": 1}]),
        get("/ship?select=id&limit=0", [], answer=span("*/*")),
        get("/ship?select=id&offset=-3&id=eq.1", [{"id": 1}]),
        get("/ship?select=id&limit=99", status=200, answer=span("0-3/*")),
        get("/ship?select=id&limit=&id=eq.1", [{"id": 1}]),
        get("/ship?select=id&order=id&limit=9223372036854775807&id=eq.1", [{"id": 1}]),
    ),
    rule(
        "window-refused",
        "§7 §9",
        1,
        "A negative limit, or limit=0 with an offset, is 416",
        get("/ship?limit=-1", LIMIT, 416),
        get(
            "/ship?limit=0&offset=1",
            status=416,
            answer={"Proxy-Status": "PostgREST; error=PGRST103"},
        ),
    ),
    rule(
        "window-embed-negative",
        "§7",
        1,
        "In an embed a negative limit or offset is the server's 2201W, 2201X",
        get(
            "/harbour?select=id,ship(id)&ship.limit=-1",
            error("2201W", "LIMIT must not be negative"),
            400,
        ),
        get(
            "/harbour?select=id,ship(id)&ship.offset=-1",
            error("2201X", "OFFSET must not be negative"),
            400,
        ),
    ),
    rule(
        "range-header",
        "§7",
        1,
        "Range on GET is intersected with limit and offset; malformed is ignored; nothing "
        "left is 416",
        get(
            "/ship?select=id&order=id",
            [{"id": 2}, {"id": 3}],
            headers={"Range": "1-2"},
            ordered=True,
            answer=span("1-2/*"),
        ),
        get(
            "/ship?select=id&order=id",
            [{"id": 3}, {"id": 4}],
            headers={"Range": "2-"},
            ordered=True,
            answer=span("2-3/*"),
        ),
        get("/ship?select=id&order=id&limit=1", [{"id": 1}], headers={"Range": "0-2"}),
        get(
            "/ship?select=id&order=id&offset=1",
            [{"id": 2}, {"id": 3}],
            headers={"Range": "0-2"},
            ordered=True,
        ),
        get("/ship?select=id&id=eq.1", [{"id": 1}], headers={"Range": "rubbish"}),
        get(
            "/ship?select=id&order=id", [{"id": 1}], headers={"Range-Unit": "sheep", "Range": "0-0"}
        ),
        get("/ship", BOUNDS, 416, headers={"Range": "3-1"}),
        get("/ship?limit=1", status=416, headers={"Range": "5-6"}),
        head("/ship", answer=span("0-3/*"), headers={"Range": "0-0"}),
    ),
    rule(
        "window-beyond",
        "§7 §9",
        1,
        "offset = total > 0 is 206, offset > total 416, where the total is known",
        get("/ship?offset=4", [], 206, prefer="count=exact", answer=span("*/4")),
        get(
            "/ship?offset=5",
            beyond(5, 4),
            416,
            prefer="count=exact",
            answer=span("*/4") | {"Proxy-Status": None},
        ),
        get("/ship?offset=5", [], 200, answer=span("*/*")),
        get("/ship?id=eq.99&offset=0", [], 200, prefer="count=exact", answer=span("*/0")),
        get("/ship?id=eq.99&offset=1", beyond(1, 0), 416, prefer="count=exact", answer=span("*/0")),
    ),
    rule(
        "max-rows",
        "§7",
        1,
        "db-max-rows caps the root and every embed of reads and RPC",
        get(
            "/ship?select=id&order=id",
            [{"id": 1}, {"id": 2}],
            ordered=True,
            profile="capped",
            answer=span("0-1/*"),
        ),
        get(
            "/ship?select=id&order=id&limit=3",
            [{"id": 1}, {"id": 2}],
            ordered=True,
            profile="capped",
        ),
        get("/ship?select=id&order=id&limit=1", [{"id": 1}], profile="capped"),
        get(
            "/tower?select=id,lamp(id)&id=eq.1", [{"id": 1, "lamp": [{"id": 1}]}], profile="capped"
        ),
        get(
            "/harbour?select=id,route!to_id(id)&id=eq.1&route.order=id",
            status=200,
            profile="capped",
        ),
        get(
            "/item?select=id,part(id)&part.order=id&id=eq.1&part.limit=9",
            [{"id": 1, "part": [{"id": 1}, {"id": 2}]}],
            profile="capped",
        ),
        get(
            "/rpc/all_ships?select=id&order=id",
            [{"id": 1}, {"id": 2}],
            ordered=True,
            profile="capped",
        ),
        get(
            "/ship?select=id&order=id",
            [{"id": 1}, {"id": 2}],
            206,
            prefer="count=exact",
            ordered=True,
            profile="capped",
            answer=span("0-1/4"),
        ),
    ),
    rule(
        "count-exact",
        "§7",
        1,
        "count=exact gives the rows under the filters, without window",
        get(
            "/ship?select=id",
            status=200,
            prefer="count=exact",
            answer=span("0-3/4") | {"Preference-Applied": "count=exact"},
        ),
        get("/ship?select=id&limit=2", status=206, prefer="count=exact", answer=span("0-1/4")),
        get("/ship?built=gt.1990", status=200, prefer="count=exact", answer=span("0-1/2")),
        head("/ship?limit=2", 206, prefer="count=exact", answer=span("0-1/4")),
        get(
            "/ship?select=id,harbour()&harbour=is.null",
            [{"id": 4}],
            prefer="count=exact",
            answer=span("0-0/1"),
        ),
        get(
            "/harbour?select=id,ship(id)&ship.id=eq.1&limit=1",
            status=206,
            prefer="count=exact",
            answer=span("0-0/4"),
        ),
        get("/rpc/all_ships?limit=1", status=206, prefer="count=exact", answer=span("0-0/4")),
        call("all_ships?limit=1", {}, status=206, prefer="count=exact", answer=span("0-0/4")),
        get("/ship?select=count", [{"count": 4}]),
    ),
    rule(
        "count-mutations",
        "§7",
        1,
        "On mutations the count is of the rows touched",
        post(
            "/tower",
            [{"id": 8}, {"id": 9}],
            prefer="count=exact",
            answer=span("*/2") | {"Preference-Applied": "count=exact"},
        ),
        post("/tower", {"id": 9}, answer=span("*/*")),
        patch("/tower", {"name": "x"}, prefer="count=exact", answer=span("0-1/2")),
        patch("/tower", {"name": "x"}, answer=span("0-1/*")),
        patch("/tower?id=eq.99", {"name": "x"}, prefer="count=exact", answer=span("*/0")),
        delete("/part", prefer="count=exact", answer=span("*/3")),
        delete("/part", answer=span("*/*")),
        patch(
            "/tower?select=id",
            {"name": "x"},
            status=200,
            prefer="count=exact,return=representation",
            answer=span("0-1/2") | {"Preference-Applied": "return=representation, count=exact"},
        ),
        post("/tower", {"id": 9}, prefer="count=planned", answer=span("*/*")),
        delete("/part", prefer="count=estimated", answer=span("*/3")),
    ),
    rule(
        "count-planned",
        "§7",
        2,
        "planned is the planner's, estimated exact up to a bound",
        get(
            "/ship?id=eq.1",
            status=200,
            prefer="count=planned",
            answer=span("0-0/1") | {"Preference-Applied": "count=planned"},
        ),
        get(
            "/ship?select=id&order=id",
            status=206,
            prefer="count=estimated",
            profile="capped",
            answer={"Preference-Applied": "count=estimated"},
        ),
        get(
            "/tower?select=id",
            status=200,
            prefer="count=estimated",
            profile="capped",
            answer=span("0-1/2"),
        ),
        get("/rpc/all_ships?limit=1", prefer="count=planned", status=200, answer=span("0-0/*")),
        get("/rpc/all_ships?limit=1", prefer="count=estimated", status=206, answer=span("0-0/4")),
    ),
)
