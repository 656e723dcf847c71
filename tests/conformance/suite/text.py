"""Sections 7 and 12: headers and the text of answers."""

from decimal import Decimal

from suite.case import call, error, get, head, post, rule, send

OBJECT = "application/vnd.pgrst.object+json"
ARRAY = "application/vnd.pgrst.array+json"
JSON = {"Content-Type": "application/json; charset=utf-8"}
EAST = {"id": 1, "name": "east"}


def none_of(*types):
    """Return the refusal of media types."""
    return error("PGRST107", f"None of these media types are available: {', '.join(types)}")


def not_one(rows):
    """Return the refusal of a singular answer."""
    return error(
        "PGRST116",
        "Cannot coerce the result to a single JSON object",
        f"The result contains {rows} rows",
    )


RULES = (
    rule(
        "content-location",
        "§7",
        1,
        "Content-Location: parameters sorted by name, percent-encoded",
        get(
            "/tower?select=id&id=eq.1",
            status=200,
            answer={"Content-Location": "/tower?id=eq.1&select=id"},
        ),
        get("/tower", status=200, answer={"Content-Location": "/tower"}),
        head("/tower?order=id", answer={"Content-Location": "/tower?order=id"}),
        get(
            "/tower?name=eq.a b&id=eq.1",
            status=200,
            answer={"Content-Location": "/tower?id=eq.1&name=eq.a%20b"},
        ),
        post("/tower", {"id": 9}, answer={"Content-Location": None}),
        get("/rpc/answer", 42, answer={"Content-Location": None}),
        get(
            "/tower?id=gt.0&id=lt.9",
            status=200,
            answer={"Content-Location": "/tower?id=gt.0,lt.9"},
        ),
    ),
    rule(
        "headers-common",
        "§7",
        1,
        "Vary, never Cache-Control, ETag or Content-Encoding",
        get(
            "/tower",
            status=200,
            answer={
                "Vary": "Accept, Prefer, Range",
                "Cache-Control": None,
                "ETag": None,
                "Last-Modified": None,
                "Content-Encoding": None,
            },
        ),
        get("/nothere", status=404, answer={"Vary": None}),
    ),
    rule(
        "head",
        "§7",
        1,
        "HEAD runs the same query without a body; the rest of the headers is that of GET",
        head("/tower", text="", answer=JSON | {"Content-Range": "0-1/*"}),
        head("/tower?id=eq.x", 400, text="", answer={"Proxy-Status": "PostgREST; error=22P02"}),
        head("/nothere", 404, text=""),
        head("/tower", prefer="count=exact", answer={"Content-Range": "0-1/2"}),
        head("/tower", accept="text/csv"),
        head("/rpc/answer", text=""),
    ),
    rule(
        "json-types",
        "§12",
        1,
        "The JSON of every type",
        get(
            "/typed?select=ok,day,at,atz,span&id=eq.1",
            [
                {
                    "ok": True,
                    "day": "2024-01-02",
                    "at": "2024-01-02T03:04:05.12",
                    "atz": "2024-01-02T03:04:05+00:00",
                    "span": "1 day 02:03:04",
                }
            ],
        ),
        get(
            "/typed?select=raw,ints,texts,during,ip,place&id=eq.1",
            [
                {
                    "raw": "\\xdeadbeef",
                    "ints": [1, None, 3],
                    "texts": ["a,b", 'c"d', None],
                    "during": "[1,5)",
                    "ip": "10.0.0.1/24",
                    "place": "(1,2)",
                }
            ],
        ),
        get(
            "/typed?select=pair,mood,mark,uid,bits,code,money&id=eq.1",
            [
                {
                    "pair": {"x": 7, "y": "q"},
                    "mood": "open",
                    "mark": "B",
                    "uid": "00000000-0000-4000-8000-000000000001",
                    "bits": "101",
                    "code": "ab ",
                    "money": Decimal("5.00"),
                }
            ],
        ),
        get(
            "/typed?select=num,dbl,day,ints&id=eq.2",
            [{"num": "NaN", "dbl": "Infinity", "day": "infinity", "ints": []}],
        ),
        get(
            "/typed?select=doc,docb&id=eq.1",
            [{"doc": {"b": 1, "a": [1, 2]}, "docb": {"b": 1, "a": [1, 2]}}],
        ),
    ),
    rule(
        "json-text",
        "§12",
        1,
        "The text is the server's: rows parted by comma, blank, newline, blank; json as written",
        get("/tower?order=id", text='[{"id":1,"name":"east"}, \n {"id":2,"name":"west"}]'),
        get("/tower?id=eq.99", text="[]"),
        get("/tower?id=eq.1", text='{"id":1,"name":"east"}', accept=OBJECT),
        get("/typed?select=doc&id=eq.1", text='[{"doc":{"b":  1, "a": [1,2]}}]'),
        get(
            "/licence?select=grade,c:captain_id(id,name)&captain_id=eq.1",
            text='[{"grade":"A","c":{"id": 1, "name": "Ada"}}]',
        ),
        call("three", {}, text="[1, 2, 3]"),
        get("/ship?select=name,id&id=eq.4", text='[{"name":"Dorado","id":4}]'),
        call("nil", {}, text="null"),
    ),
    rule(
        "key-order",
        "§12",
        2,
        "Columns come first, then embeds, those that parameters aim at in front",
        get(
            "/ship?select=captain(name),id,harbour(name)&id=eq.1",
            text='[{"id":1,"captain":{"name": "Ada"},"harbour":{"name": "Alta"}}]',
        ),
        get(
            "/ship?select=captain(name),id,harbour(name)&id=eq.1&harbour.name=eq.Alta",
            text='[{"id":1,"harbour":{"name": "Alta"},"captain":{"name": "Ada"}}]',
        ),
    ),
    rule(
        "cors",
        "§7",
        2,
        "A preflight is answered; an origin gets Access-Control-Allow-Origin",
        get(
            "/tower?id=eq.1",
            [EAST],
            headers={"Origin": "http://a.example"},
            answer={
                "Access-Control-Allow-Origin": "*",
                "Access-Control-Expose-Headers": "Content-Encoding, Content-Location, "
                "Content-Range, Content-Type, "
                "Date, Location, Server, Transfer-Encoding, Range-Unit",
            },
        ).over("gateway"),
        send(
            "OPTIONS",
            "/tower",
            headers={
                "Origin": "http://a.example",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "Foo,Bar",
            },
            answer={
                "Access-Control-Allow-Origin": "*",
                "Access-Control-Allow-Methods": "GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD",
                "Access-Control-Allow-Headers": "Authorization, Foo, Bar, Accept, "
                "Accept-Language, Content-Language",
                "Access-Control-Max-Age": "86400",
            },
        ).over("gateway"),
    ),
    rule(
        "options",
        "§2 §7",
        3,
        "OPTIONS names what a relation or function permits",
        send(
            "OPTIONS",
            "/tower",
            answer={
                "Allow": "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE",
                "Access-Control-Allow-Origin": "*",
            },
        ),
        send("OPTIONS", "/ship_sum", answer={"Allow": "OPTIONS,GET,HEAD"}),
        send("OPTIONS", "/keyless", answer={"Allow": "OPTIONS,GET,HEAD,POST,PATCH,DELETE"}),
        send("OPTIONS", "/item_door", answer={"Allow": "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE"}),
        send("OPTIONS", "/rpc/answer", answer={"Allow": "OPTIONS,POST"}),
        send("OPTIONS", "/rpc/greet", answer={"Allow": "OPTIONS,GET,HEAD,POST"}),
        send("OPTIONS", "/rpc/add", status=404),
        send("OPTIONS", "/nothere", status=404),
    ),
)
