"""Section 7: preferences."""

from suite.case import call, delete, error, get, patch, post, rule

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
        "prefer-syntax",
        "§7",
        1,
        "Several headers are one list, split at commas, exact match, the first of each kind wins",
        post(
            "/tower?select=id",
            {"id": 9},
            [{"id": 9}],
            headers=(("Prefer", "return=representation"), ("Prefer", "count=exact")),
            answer={"Preference-Applied": "return=representation, count=exact"},
        ),
        post(
            "/tower?select=id",
            {"id": 9},
            [{"id": 9}],
            prefer="  return=representation , return=minimal ",
        ),
        post(
            "/tower?select=id",
            {"id": 9},
            text="",
            prefer="Return=representation",
            answer={"Preference-Applied": None},
        ),
        post("/tower?select=id", {"id": 9}, text="", prefer="return=minimal,return=representation"),
        get(
            "/tower?id=eq.1",
            status=200,
            prefer="nonsense,respond-async",
            answer={"Preference-Applied": None},
        ),
    ),
    rule(
        "prefer-strict",
        "§7 §9",
        1,
        "Unknown tokens matter only under handling=strict",
        get(
            "/tower",
            error(
                "PGRST122",
                "Invalid preferences given with handling=strict",
                "Invalid preferences: a, b=c",
            ),
            400,
            prefer="handling=strict,a,b=c",
        ),
        get(
            "/tower?id=eq.1",
            status=200,
            prefer="handling=lenient,a",
            answer={"Preference-Applied": "handling=lenient"},
        ),
        get(
            "/tower?id=eq.1",
            status=200,
            prefer="handling=strict",
            answer={"Preference-Applied": "handling=strict"},
        ),
        post(
            "/tower", {"id": 9}, status=400, prefer="handling=strict,nope", profile="committing"
        ).leaving("SELECT count(*) FROM api.tower", [(2,)]),
    ),
    rule(
        "prefer-timezone",
        "§7",
        2,
        "timezone is set; a bad one is the server's 22023",
        get(
            "/rpc/now_zone",
            "2024-01-02T04:04:05+01:00",
            prefer="timezone=Europe/Paris",
            answer={"Preference-Applied": "timezone=Europe/Paris"},
        ),
        get(
            "/typed?select=atz&id=eq.1",
            [{"atz": "2024-01-01T19:04:05-08:00"}],
            prefer="timezone=America/Los_Angeles",
        ),
        get(
            "/tower",
            error("22023", 'invalid value for parameter "TimeZone": "Jupiter/Io"'),
            400,
            prefer="timezone=Jupiter/Io",
        ),
    ),
    rule(
        "prefer-echo",
        "§7",
        1,
        "What was applied is echoed in one order, joined by comma and blank",
        post(
            "/item?columns=id,name",
            {"id": 9, "name": "n"},
            prefer=(
                "handling=lenient,count=exact,return=minimal,missing=default,resolution=merge-dup"
                "licates"
            ),
            answer={
                "Preference-Applied": "resolution=merge-duplicates, missing=default, "
                "return=minimal, count=exact, handling=lenient"
            },
        ),
        get(
            "/tower?id=eq.1",
            prefer="return=representation,resolution=merge-duplicates,missing=default",
            answer={"Preference-Applied": None},
        ),
        delete(
            "/part?id=eq.1",
            prefer="return=minimal,resolution=merge-duplicates,missing=default",
            answer={"Preference-Applied": "return=minimal"},
        ),
        call("answer", {}, 42, prefer="return=representation", answer={"Preference-Applied": None}),
    ),
    rule(
        "max-affected",
        "§7 §9",
        1,
        "With strict more rows than max-affected are refused and rolled back, on PATCH, "
        "DELETE and RPC",
        patch(
            "/tower",
            {"name": "x"},
            too_many(2),
            400,
            prefer=STRICT_MAX.format(1),
            profile="committing",
        ).leaving("SELECT name FROM api.tower ORDER BY id", [("east",), ("west",)]),
        patch(
            "/tower",
            {"name": "x"},
            prefer=STRICT_MAX.format(2),
            answer={"Preference-Applied": "handling=strict, max-affected=2"},
        ),
        delete(
            "/part", too_many(3), 400, prefer=STRICT_MAX.format(2), profile="committing"
        ).leaving("SELECT count(*) FROM api.part", [(3,)]),
        delete("/part?id=eq.1", prefer=STRICT_MAX.format(1)),
        patch(
            "/tower", {"name": "x"}, prefer="max-affected=1", answer={"Preference-Applied": None}
        ),
        call("rename_items", {}, too_many(3), 400, prefer=STRICT_MAX.format(2)),
        call("rename_items", {}, status=200, prefer=STRICT_MAX.format(3)),
        post("/tower", [{"id": 8}, {"id": 9}], prefer=STRICT_MAX.format(1)),
        delete("/part", prefer="handling=strict,max-affected=x"),
        call(
            "answer",
            {},
            error(
                "PGRST128",
                "Function must return SETOF or TABLE when max-affected preference is used "
                "with handling=strict",
            ),
            400,
            prefer=STRICT_MAX.format(1),
        ),
    ),
)
