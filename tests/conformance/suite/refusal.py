"""Section 9: the wording of errors, and hints of the closest name."""

from suite.case import call, error, get, patch, post, rule


def no_table(name, hint=None, *, schema="api"):
    """Return the refusal of an unknown table."""
    return error(
        "PGRST205", f"Could not find the table '{schema}.{name}' in the schema cache", None, hint
    )


def filter_refused(value, column, details):
    """Return the refusal of a bad filter."""
    return error(
        "PGRST100", f'"failed to parse filter ({value})" (line 1, column {column})', details
    )


NO_OPERATOR = 'unexpected "{}" expecting "not" or operator (eq, gt, ...)'

RULES = (
    rule(
        "error-table",
        "§9",
        1,
        "An unknown table is PGRST205; its hint names the closest of the schema",
        get("/zzzzzz", no_table("zzzzzz"), 404),
        get("/harbor", no_table("harbor", "Perhaps you meant the table 'api.harbour'"), 404),
        get("/captains", no_table("captains", "Perhaps you meant the table 'api.captain'"), 404),
        post(
            "/HARBOUR",
            {"id": 1},
            no_table("HARBOUR", "Perhaps you meant the table 'api.harbour'"),
            404,
        ),
        get("/tower", no_table("tower", schema="other"), 404, headers={"Accept-Profile": "other"}),
        patch(
            "/harbor",
            {"id": 1},
            no_table("harbor", "Perhaps you meant the table 'api.harbour'"),
            404,
        ),
    ),
    rule(
        "error-filter-wording",
        "§9",
        2,
        "A bad filter is refused in the parser's words",
        get("/harbour?id=foo", filter_refused("foo", 1, NO_OPERATOR.format("f")), 400),
        get("/harbour?id=5", filter_refused("5", 1, NO_OPERATOR.format("5")), 400),
        get("/harbour?id=", status=400, answer={"Proxy-Status": "PostgREST; error=PGRST100"}),
        get("/harbour?id=eq", status=400, answer={"Proxy-Status": "PostgREST; error=PGRST100"}),
        get(
            "/harbour?id=not.foo", status=400, answer={"Proxy-Status": "PostgREST; error=PGRST100"}
        ),
        get(
            "/harbour?id=is.maybe", status=400, answer={"Proxy-Status": "PostgREST; error=PGRST100"}
        ),
        get("/harbour?id=in.1,2", status=400, answer={"Proxy-Status": "PostgREST; error=PGRST100"}),
        get(
            "/harbour?id=like(some).x",
            status=400,
            answer={"Proxy-Status": "PostgREST; error=PGRST100"},
        ),
        get(
            "/harbour?name=in(any).x",
            status=400,
            answer={"Proxy-Status": "PostgREST; error=PGRST100"},
        ),
        get(
            "/harbour?name=cs(any).{x}",
            status=400,
            answer={"Proxy-Status": "PostgREST; error=PGRST100"},
        ),
    ),
    rule(
        "error-select-wording",
        "§9",
        2,
        "A bad select, columns or on_conflict is PGRST100",
        *(
            get(
                f"/harbour?select={text}",
                status=400,
                answer={"Proxy-Status": "PostgREST; error=PGRST100"},
            )
            for text in (
                "id,",
                "ship(",
                "a:b:c",
                "id::",
                "ship!(id)",
                "id.nope()",
                "facts->",
                "id,,name",
            )
        ),
        post(
            "/tower?columns=",
            {"id": 9},
            status=400,
            answer={"Proxy-Status": "PostgREST; error=PGRST100"},
        ),
        post(
            "/tower?on_conflict=,",
            {"id": 9},
            status=400,
            answer={"Proxy-Status": "PostgREST; error=PGRST100"},
        ),
    ),
    rule(
        "error-tree-path",
        "§9",
        2,
        "A bad key is PGRST100 too",
        get("/harbour?.id=eq.1", status=400, answer={"Proxy-Status": "PostgREST; error=PGRST100"}),
        get("/harbour?*=eq.1", status=400, answer={"Proxy-Status": "PostgREST; error=PGRST100"}),
        get('/harbour?"id=eq.1', status=400, answer={"Proxy-Status": "PostgREST; error=PGRST100"}),
    ),
    rule(
        "error-sql",
        "§9",
        1,
        "The server's errors keep SQLSTATE, message, detail and hint; the status goes by class",
        get("/harbour?name=fts.x y", status=400, answer={"Proxy-Status": "PostgREST; error=42601"}),
        get("/harbour?id=like.x", status=404, answer={"Proxy-Status": "PostgREST; error=42883"}),
        get("/harbour?name=match.(", status=400, answer={"Proxy-Status": "PostgREST; error=2201B"}),
        get("/harbour?tags=cs.{", status=400, answer={"Proxy-Status": "PostgREST; error=22P02"}),
        get("/harbour?hours=cs.[1", status=400, answer={"Proxy-Status": "PostgREST; error=22P02"}),
        get("/harbour?id=is.true", status=400, answer={"Proxy-Status": "PostgREST; error=42804"}),
        get(
            "/harbour?id=eq.99999999999999",
            status=400,
            answer={"Proxy-Status": "PostgREST; error=22003"},
        ),
        get(
            "/notice?words=fts(nolang).x",
            status=400,
            answer={"Proxy-Status": "PostgREST; error=42704"},
        ),
    ),
    rule(
        "error-states",
        "§9",
        1,
        "Each class of SQLSTATE has its status",
        *(
            call("fail", {"state": state, "message": "m"}, error(state, "m"), status)
            for state, status in (
                ("08003", 503),
                ("53100", 503),
                ("53400", 500),
                ("57P01", 503),
                ("23503", 409),
                ("23505", 409),
                ("23514", 400),
                ("25006", 405),
                ("42883", 404),
                ("42P01", 404),
                ("42501", 401),
                ("0L000", 403),
                ("0P000", 403),
                ("28000", 403),
                ("22023", 400),
                ("P0001", 400),
                ("21000", 500),
                ("09000", 500),
                ("25001", 500),
                ("2D000", 500),
                ("38000", 500),
                ("39000", 500),
                ("3B000", 500),
                ("40000", 500),
                ("40001", 500),
                ("40P01", 500),
                ("42P17", 500),
                ("54000", 500),
                ("55000", 500),
                ("57000", 500),
                ("58000", 500),
                ("F0000", 500),
                ("HV000", 500),
                ("P0002", 500),
                ("XX000", 500),
                ("22000", 400),
                ("42703", 400),
                ("99999", 400),
            )
        ),
        call(
            "fail",
            {"state": "42501", "message": "m"},
            error("42501", "m"),
            403,
            claims={"role": "author"},
        ),
    ),
    rule(
        "error-requires-where",
        "§9",
        2,
        "21000 that requires a WHERE clause is 400; 42883 of xmlagg 406",
        call("fail", {"state": "21000", "message": "UPDATE requires a WHERE clause"}, status=400),
        call(
            "fail", {"state": "42883", "message": "function xmlagg(x) does not exist"}, status=406
        ),
    ),
    rule(
        "error-retry",
        "§7",
        2,
        "503 has Retry-After",
        call("fail", {"state": "53300", "message": "m"}, status=503),
    ),
    rule(
        "error-verbosity",
        "§9",
        2,
        "client-error-verbosity=minimal leaves code and message",
        get(
            "/harbor",
            {
                "code": "PGRST205",
                "message": "Could not find the table 'api.harbor' in the schema cache",
            },
            404,
            profile="terse",
        ),
        call(
            "fail",
            {"state": "P0001", "message": "no", "detail": "d", "hint": "h"},
            {"code": "P0001", "message": "no"},
            400,
            profile="terse",
        ),
    ),
    rule(
        "error-unicode",
        "§9",
        1,
        "Characters stand in errors as they are",
        get("/größe", status=404, answer={"Content-Type": "application/json; charset=utf-8"}),
        get(
            "/harbour?id=eq.größe",
            text=(
                '{"code":"22P02","details":null,"hint":null,"message":"invalid input syntax for '
                'type integer: \\"größe\\""}'
            ),
            status=400,
        ),
    ),
    rule(
        "injection",
        "§12",
        1,
        "Values and names of a client never become SQL",
        get("/harbour?select=id&name=eq.';DROP TABLE api.ship;--", []),
        get("/harbour?select=id&name=eq.\\'; --", []),
        get('/harbour?select=id&name=in.("\');--")', []),
        get(
            '/harbour?select="id\\"%3B DROP TABLE api.ship%3B --"',
            status=400,
            answer={"Proxy-Status": "PostgREST; error=42703"},
        ),
        get(
            '/harbour?"id\\") or (1%3D1"=eq.1',
            status=400,
            answer={"Proxy-Status": "PostgREST; error=42703"},
        ),
        get("/harbour?select=id&facts->>'x=eq.1", []),
        get('/harbour?select=x:"name\\""', status=400),
        get('/harbour?select="a\\"b":name&id=eq.1', [{'a"b': "Alta"}]),
        get("/harbour?select=id&name=fts('english').x", status=400),
        get("/harbour?select=id&or=(name.eq.')%3Bselect 1)", []),
        get("/harbour?select=id&name=eq.$1", []),
        get("/harbour?select=id&name=eq.%25s{}", []),
    ),
    rule(
        "null-byte",
        "§12",
        1,
        "Names are cut at NUL; a value with NUL is refused by the server",
        get("/harbour?select=name%00x&id=eq.1", status=400),
        get("/harbour?name=eq.a%00b", status=400),
    ),
)
