"""Section 6: what functions return, set and raise."""

from decimal import Decimal

from suite.case import call, error, get, rule

FORM = "application/x-www-form-urlencoded"
OBJECT = "application/vnd.pgrst.object+json"
AURORA = {"id": 1, "name": "Aurora", "harbour_id": 1, "tonnage": Decimal("100.50"), "built": 1990}


def unknown(shown, searched, hint=None, *, extra=""):
    """Return the refusal of a function that is not there."""
    return error(
        "PGRST202",
        f"Could not find the function {shown} in the schema cache",
        f"Searched for the function {searched}{extra}, but no matches were found in the "
        f"schema cache.",
        hint,
    )


OR_JSON = " or with a single unnamed json/jsonb parameter"

RULES = (
    rule(
        "return-scalar",
        "§6",
        1,
        "Scalars, enums, domains, arrays and json are the value alone, NULL is null",
        get("/rpc/answer", 42),
        call("nil", {}, None),
        call("words", {}, ["a", "b c"]),
        call("document", {}, {"a": [1, Decimal("2.50")]}),
        call("mood", {}, "open"),
        call("mark", {}, "A"),
        call("now_zone", {}, "2024-01-02T03:04:05+00:00"),
    ),
    rule(
        "return-scalar-set",
        "§6",
        1,
        "SETOF scalars is an array of values",
        call("three", {}, [1, 2, 3], ordered=True),
        call("no_ints", {}, []),
        call("docs", {}, [{"a": 1}, [2]], ordered=True),
    ),
    rule(
        "return-row",
        "§6",
        1,
        "A row type, OUT and INOUT give one object",
        call("get_ship", {"id": 1}, AURORA),
        call("out_pair", {}, {"a": 1, "b": "x"}),
        call("out_one", {}, {"a": 9}),
        call("inout_one", {"x": 1}, {"x": 2}),
        call("composite", {}, {"x": 1, "y": "z"}),
        call("get_ship?select=name", {"id": 1}, {"name": "Aurora"}),
    ),
    rule(
        "return-rows",
        "§6",
        1,
        "SETOF rows and TABLE give an array of objects, a TABLE of one column too",
        call("one_column", {}, [{"n": 5}]),
        call(
            "ship_titles?id=lt.3",
            {},
            [{"id": 1, "title": "Aurora"}, {"id": 2, "title": "Borealis"}],
        ),
        get("/rpc/all_ships?id=eq.1", [AURORA]),
        get(
            "/rpc/ships_since?year=1995&select=id&order=id.desc",
            [{"id": 4}, {"id": 2}],
            ordered=True,
        ),
    ),
    rule(
        "return-filtered",
        "§6",
        1,
        "Filters (on unselected columns too), select, order, windows and counts as on tables",
        get(
            "/rpc/all_ships?select=id&name=like.*o*&order=id",
            [{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}],
            ordered=True,
        ),
        get(
            "/rpc/all_ships?select=id&built=gt.1990&order=id", [{"id": 2}, {"id": 4}], ordered=True
        ),
        get(
            "/rpc/all_ships?select=id&order=id&limit=2&offset=1",
            [{"id": 2}, {"id": 3}],
            206,
            prefer="count=exact",
            ordered=True,
            answer={"Content-Range": "1-2/4", "Preference-Applied": "count=exact"},
        ),
        call(
            "all_ships?select=id&order=id&limit=1",
            {},
            [{"id": 1}],
            answer={"Content-Range": "0-0/*"},
        ),
        get("/rpc/all_ships?or=(id.eq.1,id.eq.2)&select=id", [{"id": 1}, {"id": 2}]),
        get("/rpc/ship_titles?select=t:title&id=eq.1", [{"t": "Aurora"}]),
        get("/rpc/all_ships?select=id,label&id=eq.1", [{"id": 1, "label": "Aurora (1990)"}]),
        call("ships_since?select=id&id=eq.4", {"year": 1990}, [{"id": 4}]),
    ),
    rule(
        "return-record",
        "§6",
        2,
        "record and SETOF record give objects whose members can't be selected",
        call("rec", {}, {"a": 1, "b": "x"}),
        call("recs", {}, [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
    ),
    rule(
        "return-void",
        "§6",
        1,
        "void gives 204",
        call("nothing", {}, status=204, text="", answer={"Content-Type": None}),
    ),
    rule(
        "return-one-row",
        "§6",
        1,
        "What is not SETOF counts as one row",
        call("answer", {}, 42, answer={"Content-Range": "0-0/*"}),
        call("get_ship", {"id": 1}, AURORA, accept=OBJECT),
        call("get_ship", {"id": 1}, answer={"Content-Range": "0-0/*"}),
        call("all_ships?id=eq.1", {}, AURORA, accept=OBJECT),
        call(
            "all_ships",
            {},
            error(
                "PGRST116",
                "Cannot coerce the result to a single JSON object",
                "The result contains 4 rows",
            ),
            406,
            accept=OBJECT,
        ),
    ),
    rule(
        "call-writes",
        "§6",
        1,
        "A volatile function may write by POST, not by GET",
        call("write_item?select=id,name", {}, [{"id": 900, "name": "written"}]),
        call("write_item?select=id", {}, [{"id": 900}], profile="committing")
        .leaving("SELECT name FROM api.item WHERE id = 900", [("written",)])
        .around(undo="DELETE FROM api.item WHERE id = 900"),
    ),
    rule(
        "response-headers",
        "§6",
        2,
        "response.headers sets headers on every verb; repeats are kept, ours replaced; else "
        "PGRST111",
        call(
            "set_headers",
            {"value": '[{"X-A":"1"},{"X-B":"2"}]'},
            "ok",
            answer={"X-A": "1", "X-B": "2"},
        ),
        get(
            '/rpc/set_headers?value=[{"Cache-Control":"max-age=5"}]',
            "ok",
            answer={"Cache-Control": "max-age=5"},
        ),
        call(
            "set_headers",
            {"value": '[{"Content-Type":"text/x"}]'},
            status=200,
            answer={"Content-Type": "text/x"},
        ),
        call("set_headers", {"value": '[{"Vary":"X"}]'}, "ok", answer={"Vary": "X"}),
        call("set_headers", {"value": '[{"X-A":"1"},{"X-A":"2"}]'}, "ok", answer={"X-A": "1, 2"}),
        *(
            call(
                "set_headers",
                {"value": value},
                error(
                    "PGRST111",
                    "response.headers guc must be a JSON array composed of objects with a "
                    "single key and a string value",
                ),
                500,
            )
            for value in ("{}", "x", '[{"a":1}]', '[{"a":"1","b":"2"}]', "[1]", "[{}]")
        ),
    ),
    rule(
        "response-status",
        "§6",
        2,
        "response.status overrides the status; no digits are PGRST112",
        call("set_status", {"value": "202"}, "ok", 202),
        call("set_status", {"value": "418"}, "ok", 418),
        get("/rpc/set_status?value=299", "ok", 299),
        *(
            call(
                "set_status",
                {"value": value},
                error("PGRST112", "response.status guc must be a valid status code"),
                500,
            )
            for value in ("abc", "x2", "-")
        ),
        call("set_and_fail", {}, error("P0001", "failed"), 400),
    ),
    rule(
        "raise-plain",
        "§6 §9",
        1,
        "RAISE of P0001 is 400, with message, details and hint",
        call("fail", {"state": "P0001", "message": "no"}, error("P0001", "no"), 400),
        call(
            "fail",
            {"state": "P0001", "message": "no", "detail": "d", "hint": "h"},
            error("P0001", "no", "d", "h"),
            400,
        ),
    ),
    rule(
        "raise-pt",
        "§6",
        2,
        "SQLSTATE PTxyz is status xyz; the reason phrase is the message; no number is 500",
        call(
            "fail",
            {"state": "PT402", "message": "Payment Required", "detail": "d", "hint": "h"},
            error("PT402", "Payment Required", "d", "h"),
            402,
            reason="Payment Required",
        ),
        call("fail", {"state": "PT404", "message": "gone"}, error("PT404", "gone"), 404),
        call("fail", {"state": "PTABC", "message": "odd"}, error("PTABC", "odd"), 500),
    ),
    rule(
        "raise-pgrst",
        "§6",
        2,
        "SQLSTATE PGRST gives code, message, status, headers and status text",
        call(
            "fail",
            {
                "state": "PGRST",
                "message": '{"code":"123","message":"m","details":"d","hint":"h"}',
                "detail": '{"status":332,"headers":{"X-Yes":"1"},"status_text":"Own"}',
            },
            error("123", "m", "d", "h"),
            332,
            answer={"X-Yes": "1"},
            reason="Own",
        ),
        call(
            "fail",
            {
                "state": "PGRST",
                "message": '{"code":"123","message":"m"}',
                "detail": '{"status":400,"headers":{}}',
            },
            error("123", "m"),
            400,
        ),
    ),
    rule(
        "raise-pgrst-bad",
        "§6 §9",
        2,
        "What can't be read of it is PGRST121",
        call(
            "fail",
            {"state": "PGRST", "message": "INVALID", "detail": '{"status":332,"headers":{}}'},
            error(
                "PGRST121",
                "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error",
                "Invalid JSON value for MESSAGE: 'INVALID'",
                "MESSAGE must be a JSON object with obligatory keys: 'code', 'message' and "
                "optional keys: 'details', 'hint'.",
            ),
            500,
        ),
        call(
            "fail",
            {"state": "PGRST", "message": '{"code":"1","message":"m"}', "detail": "INVALID"},
            error(
                "PGRST121",
                "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error",
                "Invalid JSON value for DETAIL: 'INVALID'",
                "DETAIL must be a JSON object with obligatory keys: 'status', 'headers' and "
                "optional key: 'status_text'.",
            ),
            500,
        ),
        call(
            "fail",
            {"state": "PGRST", "message": '{"code":"1","message":"m"}'},
            error(
                "PGRST121",
                "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error",
                "DETAIL is missing in the RAISE statement",
                "DETAIL must be a JSON object with obligatory keys: 'status', 'headers' and "
                "optional key: 'status_text'.",
            ),
            500,
        ),
    ),
)
