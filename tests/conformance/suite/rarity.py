"""Sections 3 and 7 once more: rare spellings; what comes last; stale snapshots."""

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
