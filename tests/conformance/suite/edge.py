"""Sections 2 and 6 to 9 once more: what only shows where several rules meet."""

from decimal import Decimal

from suite.case import PRESENT, call, error, get, head, patch, post, rule

OBJECT = "application/vnd.pgrst.object+json"
PLAN = 'application/vnd.pgrst.plan+json; for="application/json"; charset=utf-8'
ARRAY = "application/vnd.pgrst.array+json"
MEMBER = {"role": "member", "sub": "u1"}
NULL_SHIP = {"id": None, "name": None, "harbour_id": None, "tonnage": None, "built": None}

BEARER = {"WWW-Authenticate": "Bearer"}
UNKNOWN_PATH = error("PGRST125", "Invalid path specified in request URL")


def no_table(name):
    """Return the refusal of an unknown table without a hint."""
    return error("PGRST205", f"Could not find the table 'api.{name}' in the schema cache")


RULES = (
    rule(
        "meet-path",
        "§2",
        1,
        "An escaped slash parts nothing; empty parts are refused",
        get("/xx%2Fyy", no_table("xx/yy"), 404),
        get("/rpc%2Fanswer", no_table("rpc/answer"), 404),
        get("/%zz", no_table("%zz"), 404),
        get("//tower", UNKNOWN_PATH, 404),
        get("/rpc//answer", UNKNOWN_PATH, 404),
    ),
    rule(
        "meet-headers",
        "§7",
        1,
        "What an answer without a body, and one beyond the offset, carry",
        post("/tower", {"id": 9}, answer={"Content-Type": None, "Content-Profile": None}),
        patch("/tower?id=eq.1", {"name": "x"}, answer={"Content-Profile": None}),
        get(
            "/ship?offset=5",
            status=416,
            prefer="count=exact",
            answer={
                "Vary": "Accept, Prefer, Range",
                "Content-Location": "/ship?offset=5",
                "Content-Profile": "api",
            },
        ),
        get("/rpc/whoami", status=401, claims={"role": "nobody_such"}, answer=BEARER),
        call(
            "fail", {"state": "53300", "message": "m"}, status=503, answer={"Retry-After": PRESENT}
        ),
        get("/tower", answer={"Server": "postgrest/16.2"}).over("gateway"),
        get("/nothere", status=404, answer={"Server": "postgrest/16.2"}).over("gateway"),
    ),
    rule(
        "meet-trigger",
        "§6",
        2,
        "Triggers may raise, and set headers and status",
        post(
            "/trap",
            {"id": 1, "kind": "payment"},
            error("PT402", "Payment Required", "quota", "pay"),
            402,
            reason="Payment Required",
        ),
        post(
            "/trap",
            {"id": 1, "kind": "pgrst"},
            error("T1", "trapped", "d", "h"),
            418,
            reason="Teapot",
            answer={"X-Trap": "yes"},
        ),
        post("/trap", {"id": 1, "kind": "headers"}, status=202, answer={"X-Trap": "set, again"}),
        post(
            "/trap",
            [{"id": 1, "kind": "x"}, {"id": 2, "kind": "payment"}],
            status=402,
            profile="committing",
        ).leaving("SELECT count(*) FROM api.trap", [(0,)]),
    ),
    rule(
        "meet-capped",
        "§7",
        1,
        "db-max-rows cuts every level, and counts go on",
        get(
            "/harbour?select=id,ship(id)&ship.order=id&id=eq.1",
            [{"id": 1, "ship": [{"id": 1}]}],
            profile="tight",
        ),
        get(
            "/harbour?select=id,ship(id,cargo(id))&ship.order=id&ship.cargo.order=id&id=eq.1",
            [{"id": 1, "ship": [{"id": 1, "cargo": [{"id": 1}]}]}],
            profile="tight",
        ),
        get(
            "/ship?select=id,sailor(id)&sailor.order=id&id=eq.1",
            [{"id": 1, "sailor": [{"id": 1}]}],
            profile="tight",
        ),
        get(
            "/harbour?select=id&order=id",
            [{"id": 1}],
            206,
            prefer="count=exact",
            profile="tight",
            answer={"Content-Range": "0-0/4"},
        ),
        get(
            "/harbour?select=id,ship(id)&ship.limit=9&ship.offset=1&ship.order=id&id=eq.1",
            [{"id": 1, "ship": [{"id": 2}]}],
            profile="tight",
        ),
        get("/rpc/all_ships?select=id&order=id", [{"id": 1}], profile="tight"),
        get("/harbour?select=id&limit=0", [], profile="tight"),
        get(
            "/ship?select=id&order=id",
            [{"id": 1}, {"id": 2}],
            206,
            prefer="count=estimated",
            profile="capped",
            answer={"Content-Range": "0-1/4"},
        ),
        get(
            "/harbour?select=id,...ship(ids:id)&ship.order=id.desc&id=eq.1",
            [{"id": 1, "ids": [2]}],
            profile="tight",
        ),
        get(
            "/harbour?select=id,...ship(ids:id)&ship.order=id&id=eq.1",
            [{"id": 1, "ids": [1]}],
            profile="tight",
        ),
    ),
    rule(
        "meet-windows",
        "§7",
        1,
        "What is no whole number is no limit; a function by GET takes Range, by POST it does not",
        get("/ship?select=id&limit=2.5", status=200, answer={"Content-Range": "0-3/*"}),
        get("/ship?select=id&limit=1e0", status=200, answer={"Content-Range": "0-3/*"}),
        get("/ship?select=id&limit=%2B2", status=200, answer={"Content-Range": "0-3/*"}),
        get("/ship?select=id&limit= 2", status=200, answer={"Content-Range": "0-1/*"}),
        get(
            "/rpc/all_ships?select=id&order=id",
            [{"id": 2}, {"id": 3}],
            headers={"Range": "1-2"},
            ordered=True,
            answer={"Content-Range": "1-2/*"},
        ),
        call(
            "all_ships?select=id&order=id",
            {},
            status=200,
            headers={"Range": "0-0"},
            answer={"Content-Range": "0-3/*"},
        ),
        get(
            "/tower?limit=1&order=id",
            {"id": 1, "name": "east"},
            206,
            accept=OBJECT,
            prefer="count=exact",
            answer={"Content-Range": "0-0/2"},
        ),
        get(
            "/rpc/all_ships?offset=9",
            status=416,
            prefer="count=exact",
            answer={"Content-Range": "*/4"},
        ),
        get("/harbour?select=id,ship(id)&ship.limit=x&id=eq.2", [{"id": 2, "ship": [{"id": 3}]}]),
    ),
    rule(
        "meet-reserved",
        "§3 §6",
        1,
        "Parameters with a reserved name go by POST, or quoted",
        call("reserved", {"order": 5}, 5),
        call("reserved", {"order": 5, "select": 1}, 6),
        get("/rpc/reserved?order=5", status=404),
        get('/rpc/reserved?"order"=5', 5),
    ),
    rule(
        "meet-overloads",
        "§6",
        2,
        "An unnamed json parameter is the last resort; raw bodies go to unnamed parameters only",
        call("mixed", {"x": 1}, "int"),
        call("mixed", {"y": 1}, "json"),
        call("mixed", {}, "json"),
        get("/rpc/mixed?x=1", "int"),
        get("/rpc/mixed?y=1", status=404),
        call("answer", "x", status=404, kind="text/plain"),
        call("add", "x", status=404, kind="text/plain"),
        call("raw_text", {"a": 1}, status=404),
        call("raw_bytes", "abc", status=404, kind="text/plain"),
        call("raw_text", "", "", kind="text/plain"),
    ),
    rule(
        "meet-results",
        "§6",
        1,
        "NULL rows, singular scalars, no rows",
        call("get_ship", {"id": 99}, NULL_SHIP),
        call("answer", {}, 42, accept=OBJECT),
        call("ships_since", {"year": 3000}, []),
        call("get_ship?select=id,tonnage", {"id": 4}, {"id": 4}, accept=ARRAY + ";nulls=stripped"),
        call(
            "all_ships?select=id,tonnage&id=eq.4", {}, [{"id": 4}], accept=ARRAY + ";nulls=stripped"
        ),
        call(
            "ships_since?select=id",
            {"year": 3000},
            error(
                "PGRST116",
                "Cannot coerce the result to a single JSON object",
                "The result contains 0 rows",
            ),
            406,
            accept=OBJECT,
        ),
        head(
            "/rpc/all_ships?limit=1", 206, prefer="count=exact", answer={"Content-Range": "0-0/4"}
        ),
        call(
            "all_ships?order=tonnage.desc.nullslast&select=tonnage&limit=1",
            {},
            [{"tonnage": Decimal("200.00")}],
        ),
    ),
    rule(
        "meet-retired",
        "§14",
        1,
        "params=single-object is no preference any more",
        call(
            "answer",
            {},
            error(
                "PGRST122",
                "Invalid preferences given with handling=strict",
                "Invalid preferences: params=single-object",
            ),
            400,
            prefer="handling=strict,params=single-object",
        ),
        call("answer", {}, 42, prefer="params=single-object", answer={"Preference-Applied": None}),
    ),
    rule(
        "meet-request",
        "§8",
        1,
        "Headers in lower case without cookies, cookies, claims",
        get("/rpc/header?name=x-my", "V", headers={"X-My": "V"}),
        get("/rpc/header?name=cookie", None, headers={"Cookie": "a=1"}),
        get("/rpc/cookie?name=b", "2", headers={"Cookie": "a=1; b=2"}),
        get("/rpc/claim?name=sub", "u1", claims=MEMBER),
        get("/rpc/claim?name=role", "visitor"),
        get("/rpc/claim?name=deep", '{"a":[1,2]}', claims=MEMBER | {"deep": {"a": [1, 2]}}),
        get("/rpc/claim?name=role", "visitor", claims={"sub": "x"}),
        get("/rpc/header?name=x-odd", "ö'\"\\", headers={"X-Odd": "ö'\"\\"}),
    ),
)
