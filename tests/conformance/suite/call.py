"""Section 6: which function is called, with what."""

from decimal import Decimal

from suite.case import call, error, get, head, rule

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
        "call-arguments",
        "§6",
        1,
        "Arguments come in the query string or the body, by name",
        get("/rpc/add?a=1&b=2", 3),
        call("add", {"a": 1, "b": 2}, 3),
        call("add", {"b": 2, "a": 40}, 42),
        head("/rpc/add?a=1&b=2", text=""),
        call("odd%20name", {"a b": 5}, 5),
        get("/rpc/odd%20name?a b=5", 5),
    ),
    rule(
        "call-none",
        "§6",
        1,
        "A function without parameters takes no argument; an empty body is {}",
        call("answer", None, 42),
        call("answer", {}, 42),
        call("answer", "", 42),
        get("/rpc/answer", 42),
        call("answer", {"x": 1}, status=404, answer={"Proxy-Status": "PostgREST; error=PGRST202"}),
    ),
    rule(
        "call-defaults",
        "§6",
        1,
        "Every required parameter must be sent; the rest may be any of the defaulted",
        get("/rpc/greet", "hello world!"),
        get("/rpc/greet?mark=?", "hello world?"),
        call("greet", {"name": "x", "mark": "."}, "hello x."),
        call("need_one", {"a": 5}, 10),
        call("need_one", {"a": 5, "b": 3}, 15),
        call("need_one", {"b": 3}, status=404),
    ),
    rule(
        "call-unknown",
        "§6 §9",
        2,
        "None that fits is PGRST202; its hint names the closest",
        get(
            "/rpc/nosuchthing?x=1&b=2",
            unknown("api.nosuchthing(b, x)", "api.nosuchthing with parameters b, x"),
            404,
        ),
        get(
            "/rpc/nosuchthing",
            unknown("api.nosuchthing without parameters", "api.nosuchthing without parameters")
            | {
                "details": "Searched for the function api.nosuchthing without parameters, "
                "but no matches were found in the schema cache."
            },
            404,
        ),
        get(
            "/rpc/answr",
            unknown(
                "api.answr without parameters",
                "api.answr without parameters",
                "Perhaps you meant to call the function api.answer",
            ),
            404,
        ),
        get(
            "/rpc/add?a=1",
            unknown(
                "api.add(a)",
                "api.add with parameter a",
                "Perhaps you meant to call the function api.add(a, b)",
            ),
            404,
        ),
        call(
            "add",
            {"a": 1, "c": 2},
            unknown(
                "api.add(a, c)",
                "api.add with parameters a, c",
                "Perhaps you meant to call the function api.add(a, b)",
                extra=OR_JSON,
            ),
            404,
        ),
        call(
            "nosuchthing",
            {"x": 1},
            unknown("api.nosuchthing(x)", "api.nosuchthing with parameter x", extra=OR_JSON),
            404,
        ),
        call(
            "nosuchthing",
            "raw",
            unknown(
                "api.nosuchthing", "api.nosuchthing", extra=" with a single unnamed text parameter"
            ),
            404,
            kind="text/plain",
        ),
    ),
    rule(
        "call-overloads",
        "§6",
        2,
        "Overloads are told apart by the set of names",
        get("/rpc/over?a=1", "one"),
        call("over", {"a": 1}, "one"),
        call("over", {"a": 1, "b": 2, "c": 3}, "three"),
    ),
    rule(
        "call-ambiguous",
        "§6 §9",
        2,
        "Several that fit are PGRST203 with status 300, fewest parameters first",
        get("/rpc/clash?a=1", status=300, answer={"Proxy-Status": "PostgREST; error=PGRST203"}),
        call(
            "over",
            {"a": 1, "b": 2},
            error(
                "PGRST203",
                "Could not choose the best candidate function between: "
                "api.over(a => integer, b => integer), api.over(a => integer, b => integer, "
                "c => integer)",
                None,
                "Try renaming the parameters or the function itself in the database so "
                "function overloading can be resolved",
            ),
            300,
        ),
    ),
    rule(
        "call-not-callable",
        "§6",
        1,
        "Procedures, aggregates, trigger functions, unnamed parameters of other kinds are "
        "not callable",
        call("proc", {}, status=404, answer={"Proxy-Status": "PostgREST; error=PGRST202"}),
        call("summed", {}, status=404),
        call("spring", {}, status=404),
        call("two_unnamed", {}, status=404),
        call("one_unnamed", {}, status=404),
        call("label", {}, status=404),
    ),
    rule(
        "call-unnamed",
        "§6",
        2,
        "One unnamed parameter takes the raw body by its type",
        call("raw_json", {"a": [1, 2]}, {"a": [1, 2]}),
        call("raw_jsonb", {"b": 1, "a": 2}, {"a": 2, "b": 1}),
        call("raw_json", [{"a": 1}, {"a": 2}], [{"a": 1}, {"a": 2}]),
        call("raw_text", "some text", "SOME TEXT", kind="text/plain"),
        call("raw_bytes", b"\x00\x01\xff", 3, kind="application/octet-stream"),
        call("raw_json", "3", []),
        call("raw_json", '{"n": 1.50}', {"n": Decimal("1.50")}),
        call(
            "raw_json", [{"a": 1}, {"b": 2}], error("PGRST102", "All object keys must match"), 400
        ),
    ),
    rule(
        "call-named-json",
        "§6",
        2,
        "A single named json parameter takes its argument, not the body",
        call("named_json", {"payload": {"x": 1}}, {"x": 1}),
        call("named_json", {"x": 1}, status=404),
    ),
    rule(
        "call-body",
        "§6",
        1,
        "Of an array the first object counts; values are typed as the parameters",
        call("add", [{"a": 1, "b": 2}, {"a": 5, "b": 5}], 3),
        call(
            "typed_in",
            {"d": "2024-01-02", "n": 1, "j": {"k": [1]}, "ints": [1, 2]},
            {"d": "2024-01-02", "n": 1, "j": {"k": [1]}, "ints": [1, 2]},
        ),
        call(
            "typed_in",
            '{"d":"2024-01-02","n":1.50,"j":null,"ints":[]}',
            {"d": "2024-01-02", "n": Decimal("1.50"), "j": None, "ints": []},
        ),
        call("fixed", {"c": "abc"}, 3),
        call(
            "add",
            {"a": "x", "b": 2},
            error("22P02", 'invalid input syntax for type integer: "x"'),
            400,
        ),
        call("plain_word", {"word": None}, None),
        call("add", "{", error("PGRST102", "Empty or invalid json"), 400),
        call(
            "plain_word",
            {"word": "q\"\\'; DROP TABLE api.ship;--"},
            "q\"\\'; DROP TABLE api.ship;--",
        ),
    ),
    rule(
        "call-columns",
        "§6",
        1,
        "columns= picks the arguments of a body",
        call("add?columns=a,b", {"a": 1, "b": 2, "junk": 3}, 3),
    ),
    rule(
        "call-query",
        "§6",
        1,
        "Texts of a query or form are cast to the parameter's type; the last repeat counts; "
        "arrays as {1,2}",
        get("/rpc/add?a=1&b=2&b=5", 6),
        call("add", "a=1&b=4", 5, kind=FORM),
        call("add", "a=1&b=4&b=6", 7, kind=FORM),
        get(
            '/rpc/typed_in?d=2024-01-02&n=1.50&j={"k":1}&ints={1,2}',
            {"d": "2024-01-02", "n": Decimal("1.50"), "j": {"k": 1}, "ints": [1, 2]},
        ),
        get("/rpc/add?a=x&b=2", error("22P02", 'invalid input syntax for type integer: "x"'), 400),
        get("/rpc/plain_word?word=", ""),
        get("/rpc/plain_word?word=a+b%26c", "a b&c"),
    ),
    rule(
        "call-query-operator",
        "§6",
        1,
        "A value that starts as an operator is a filter; not.y is refused",
        get("/rpc/plain_word?word=eq.1", status=404),
        get(
            "/rpc/plain_word?word=not.y",
            status=400,
            answer={"Proxy-Status": "PostgREST; error=PGRST100"},
        ),
        get("/rpc/plain_word?word=equal.1", "equal.1"),
    ),
    rule(
        "call-variadic",
        "§6",
        2,
        "VARIADIC takes an array; a repeated one in a query collects",
        call("total", {"n": [1, 2, 3]}, 6),
        get("/rpc/total?n=1&n=2", 3),
        get("/rpc/total?n=5", 5),
        call("total", "n=1&n=4", 5, kind=FORM),
        get("/rpc/total", 0),
    ),
)
