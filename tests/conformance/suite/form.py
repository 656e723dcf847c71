"""Section 7: media types and profiles."""

from suite.case import call, delete, error, get, head, patch, post, rule

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
        "accept-array",
        "§7",
        1,
        "None, */*, application/json and the array type give an array",
        *(
            get("/tower?id=eq.1", [EAST], accept=accept, answer=JSON)
            for accept in (
                None,
                "*/*",
                "application/json",
                ARRAY,
                "application/vnd.pgrst.array",
                "Application/JSON",
                "application/json; charset=utf-8",
            )
        ),
    ),
    rule(
        "accept-object",
        "§7",
        1,
        "The object type gives one object, or PGRST116",
        get(
            "/tower?id=eq.1",
            EAST,
            accept=OBJECT,
            answer={"Content-Type": "application/vnd.pgrst.object+json; charset=utf-8"},
        ),
        get("/tower?id=eq.1", EAST, accept="application/vnd.pgrst.object"),
        get("/tower", not_one(2), 406, accept=OBJECT),
        get("/tower?id=eq.99", not_one(0), 406, accept=OBJECT),
        head("/tower", 406, accept=OBJECT),
        get("/tower?limit=1&order=id", EAST, accept=OBJECT),
    ),
    rule(
        "accept-stripped",
        "§7",
        1,
        "nulls=stripped takes null members away at every depth, not those in arrays",
        get(
            "/ship?select=id,tonnage,harbour(name)&id=eq.4",
            [{"id": 4}],
            accept=ARRAY + ";nulls=stripped",
            answer={
                "Content-Type": "application/vnd.pgrst.array+json;nulls=stripped; charset=utf-8"
            },
        ),
        get(
            "/ship?select=id,tonnage&id=eq.4",
            {"id": 4},
            accept=OBJECT + ";nulls=stripped",
            answer={
                "Content-Type": "application/vnd.pgrst.object+json;nulls=stripped; charset=utf-8"
            },
        ),
        get(
            "/typed?select=ints&id=eq.1", [{"ints": [1, None, 3]}], accept=ARRAY + ";nulls=stripped"
        ),
        get(
            "/harbour?select=facts&id=eq.2",
            [{"facts": {"cranes": 0, "piers": []}}],
            accept=ARRAY + "; nulls=stripped",
        ),
    ),
    rule(
        "accept-csv",
        "§7",
        1,
        "CSV: names, then rows without a last newline; null is nothing, empty is quoted; no "
        "row is a newline alone",
        get(
            "/tower?order=id",
            text="id,name\n1,east\n2,west",
            accept="text/csv",
            answer={"Content-Type": "text/csv; charset=utf-8"},
        ),
        get(
            "/ship?select=id,tonnage,built&id=gte.3&order=id",
            text="id,tonnage,built\n3,50.25,\n4,,2001",
            accept="text/csv",
        ),
        get("/tower?id=eq.99", text="\n", accept="text/csv"),
        get("/harbour?select=is_free&id=lt.3&order=id", text="is_free\nt\nf", accept="text/csv"),
        get(
            '/odd%20table?select="with space"&"order"=eq.2',
            text='with space\n"blank, ""two"""',
            accept="text/csv",
        ),
        get(
            '/odd%20table?select="q\\"uote"&"order"=eq.2',
            text='q"uote\n"q\\\\2"',
            accept="text/csv",
        ),
        post(
            "/tower",
            {"id": 9, "name": ""},
            text='id,name\n9,""',
            prefer="return=representation",
            accept="text/csv",
        ),
        call("ship_titles?id=eq.1", {}, text="id,title\n1,Aurora", accept="text/csv"),
    ),
    rule(
        "accept-unknown",
        "§7 §9",
        1,
        "What can't be served is PGRST107, also where no body is sent",
        get("/tower", none_of("image/png"), 406, accept="image/png"),
        get("/tower", none_of("text/plain"), 406, accept="text/plain"),
        get("/tower", none_of("application/octet-stream"), 406, accept="application/octet-stream"),
        get("/tower", none_of("image/png", "text/html"), 406, accept="image/png, text/html"),
        get("/tower", none_of("application/*"), 406, accept="application/*"),
        patch("/tower?id=eq.1", {"name": "x"}, none_of("image/png"), 406, accept="image/png"),
        get("/tower", status=406, accept="application/vnd.pgrst.plan+json"),
        call("answer", {}, none_of("text/plain"), 406, accept="text/plain"),
    ),
    rule(
        "accept-order",
        "§7",
        1,
        "The first of the list that can be served wins, by q, then by exactness",
        get("/tower?id=eq.1", EAST, accept=f"image/png, {OBJECT}, application/json"),
        get("/tower?id=eq.1", [EAST], accept=f"application/json, {OBJECT}"),
        get("/tower?id=eq.1", EAST, accept=f"application/json;q=0.5, {OBJECT};q=0.9"),
        get("/tower?id=eq.1", text="id,name\n1,east", accept="text/csv, */*"),
        get("/tower?id=eq.1", [EAST], accept="text/html, application/xhtml+xml, */*;q=0.8"),
        get("/tower?id=eq.1", text="id,name\n1,east", accept="*/*, text/csv"),
    ),
    rule(
        "profile",
        "§7",
        1,
        "Accept-Profile on reads, Content-Profile on the rest choose a schema; the default "
        "is the first",
        get(
            "/harbour",
            [{"id": 1, "title": "Elsewhere"}],
            headers={"Accept-Profile": "other"},
            answer={"Content-Profile": "other"},
        ),
        get("/tower?id=eq.1", [EAST], answer={"Content-Profile": "api"}),
        get("/tower?id=eq.1", [EAST], headers={"Accept-Profile": "api"}),
        get("/tower?id=eq.1", [EAST], headers={"Content-Profile": "other"}),
        call("shout", {"word": "a"}, "A", headers={"Content-Profile": "other"}),
        get("/rpc/shout?word=a", "A", headers={"Accept-Profile": "other"}),
        post(
            "/harbour?select=id",
            {"id": 9, "title": "t"},
            [{"id": 9}],
            headers={"Content-Profile": "other"},
            prefer="return=representation",
        ),
        patch("/harbour", {"title": "t"}, headers={"Content-Profile": "other"}),
        delete("/harbour", headers={"Content-Profile": "other", "Accept-Profile": "api"}),
        head("/harbour", headers={"Accept-Profile": "other"}),
        get("/tower?id=eq.1", [EAST], profile="single", answer={"Content-Profile": None}),
        get(
            "/tower?id=eq.1",
            [EAST],
            profile="single",
            headers={"Accept-Profile": "api"},
            answer={"Content-Profile": "api"},
        ),
    ),
    rule(
        "profile-unknown",
        "§7 §9",
        1,
        "Another schema is PGRST106, whatever lies in the database",
        *(
            get(
                "/vault",
                error(
                    "PGRST106",
                    f"Invalid schema: {name}",
                    None,
                    "Only the following schemas are exposed: api, other",
                ),
                406,
                headers={"Accept-Profile": name},
            )
            for name in ("private", "nope", "API", "pg_catalog", "api,other")
        ),
        post(
            "/vault",
            {},
            error(
                "PGRST106",
                "Invalid schema: private",
                None,
                "Only the following schemas are exposed: api, other",
            ),
            406,
            headers={"Content-Profile": "private"},
        ),
    ),
)
