"""Sections 6 to 9 once more: rare spellings, and what only shows where several rules meet."""

from decimal import Decimal

from suite.case import PRESENT, call, delete, error, get, head, patch, post, rule, send

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
    rule(
        "meet-accept",
        "§7",
        1,
        "Rare spellings of Accept",
        get("/tower?id=eq.1", text="id,name\n1,east", accept="*/*;q=0.1, text/csv"),
        get("/tower", status=406, accept="text/*"),
        get(
            "/ship?select=id,tonnage&id=eq.4",
            [{"id": 4, "tonnage": None}],
            accept="application/json;nulls=stripped",
        ),
        get(
            "/ship?select=id,tonnage&id=eq.4",
            [{"id": 4}],
            accept="application/vnd.pgrst.array;nulls=stripped",
        ),
        get(
            "/tower?id=eq.1", {"id": 1, "name": "east"}, accept="APPLICATION/VND.PGRST.OBJECT+JSON"
        ),
        delete("/part?id=eq.1", status=406, accept="image/png"),
        call("nothing", {}, status=406, accept="image/png"),
    ),
    rule(
        "meet-filters",
        "§3",
        1,
        "Rare spellings of filters",
        get("/harbour?select=id&depth=not.is.not_null", [{"id": 3}]),
        get("/harbour?select=id&or=(depth.is.not_null,id.eq.3)&id=gt.2", [{"id": 3}, {"id": 4}]),
        get("/harbour?select=id&id=not.in.(1,2)&id=not.eq.3", [{"id": 4}]),
        get("/harbour?select=id&name=not.ilike(any).{a*,b*}", [{"id": 3}, {"id": 4}]),
        get("/harbour?select=id&name=eq.not.eq.Alta", []),
        get('/harbour?select=id&name=in.(eq.Alta,"Brek")', [{"id": 2}]),
        get("/harbour?select=id&id=in.(1 ,2)", [{"id": 1}, {"id": 2}]),
        get("/harbour?select=id&name=like.*", [{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}]),
        get("/harbour?select=id&hours=eq.[6,22)", [{"id": 1}]),
        get("/harbour?select=id&tags=eq.{deep,ice}", [{"id": 1}]),
        get("/harbour?select=id&facts=eq.[1,2]", [{"id": 4}]),
        get('/harbour?select=id&facts->owner->name=eq."City"', [{"id": 1}]),
        get("/harbour?select=id&status=in.(open,ruined)", [{"id": 1}, {"id": 3}, {"id": 4}]),
        get("/harbour?select=id&status=gt.open", [{"id": 2}, {"id": 4}]),
        get(
            "/harbour?select=id&order=status.desc,id",
            [{"id": 4}, {"id": 2}, {"id": 1}, {"id": 3}],
            ordered=True,
        ),
        get(
            "/harbour?select=id&and=(or(id.eq.1,id.eq.2),not.and(id.eq.2,name.eq.Brek))",
            [{"id": 1}],
        ),
    ),
    rule(
        "root-off",
        "§9",
        1,
        "Where the root is off it is PGRST126",
        get("/", error("PGRST126", "Root endpoint metadata is disabled"), 404, profile="no-root"),
        head("/", 404, profile="no-root"),
    ),
    rule(
        "root",
        "§2",
        3,
        "GET / describes the API as OpenAPI",
        get("/", status=200, answer={"Content-Type": "application/openapi+json; charset=utf-8"}),
    ),
    rule(
        "plan",
        "§7",
        3,
        "The plan of a statement is shown where db-plan-enabled allows it",
        get(
            "/tower",
            status=200,
            profile="with-plans",
            accept="application/vnd.pgrst.plan+json",
            answer={"Content-Type": PLAN},
        ),
    ),
    rule(
        "legacy-target-warning",
        "§4",
        3,
        "A table's name beside an alias earns a Warning",
        get(
            "/harbour?select=id,boats:ship(id)&ship.id=eq.2&id=eq.1",
            [{"id": 1, "boats": [{"id": 2}]}],
            answer={"Warning": PRESENT},
        ),
        get(
            "/harbour?select=id,boats:ship(id)&boats.id=eq.2&id=eq.1",
            [{"id": 1, "boats": [{"id": 2}]}],
            answer={"Warning": None},
        ),
    ),
    rule(
        "max-affected-zero",
        "§7",
        1,
        "max-affected of 0 refuses any row, and none is fine",
        patch("/tower?id=eq.99", {"name": "x"}, prefer="handling=strict,max-affected=0"),
        patch("/tower?id=eq.1", {"name": "x"}, status=400, prefer="handling=strict,max-affected=0"),
        send("DELETE", "/part?id=eq.99", status=204, prefer="handling=strict,max-affected=0"),
    ),
    rule(
        "stale",
        "§11",
        1,
        "What the snapshot misses is looked up once more before it is refused",
        get("/fresh", [{"id": 1}]).around(
            "CREATE TABLE api.fresh AS SELECT 1 AS id; GRANT SELECT ON api.fresh TO visitor",
            "DROP TABLE api.fresh",
        ),
        get("/rpc/fresh_answer", 7).around(
            "CREATE FUNCTION api.fresh_answer() RETURNS int LANGUAGE sql AS 'SELECT 7'",
            "DROP FUNCTION api.fresh_answer()",
        ),
        post(
            "/tower?select=fresh",
            {"id": 9, "fresh": 3},
            [{"fresh": 3}],
            prefer="return=representation",
        ).around(
            "ALTER TABLE api.tower ADD fresh int",
            "ALTER TABLE api.tower DROP fresh",
        ),
        get("/keyonly?select=k,keyless(x)", [{"k": 1, "keyless": [{"x": 1}]}]).around(
            "DELETE FROM api.keyless WHERE x = 2;"
            " ALTER TABLE api.keyless ADD CONSTRAINT fresh FOREIGN KEY (x) REFERENCES api.keyonly",
            "ALTER TABLE api.keyless DROP CONSTRAINT fresh;"
            " INSERT INTO api.keyless VALUES (2, 'b')",
        ),
        get("/tower?select=id&id=eq.1", [{"id": 1}]),
    ),
)
