"""Section 4: filters, windows and joins of embeds."""

from suite.case import error, get, rule

HARBOUR_1 = {"id": 1, "ship": [{"id": 1}, {"id": 2}]}


def not_embedded(name):
    """Return the refusal of a parameter for what is not selected."""
    return error(
        "PGRST108",
        f"'{name}' is not an embedded resource in this request",
        None,
        f"Verify that '{name}' is included in the 'select' query parameter.",
    )


RULES = (
    rule(
        "embed-filter",
        "§4",
        1,
        "Filters, trees, orders and windows of an embed act inside it; parents stay",
        get(
            "/harbour?select=id,ship(id)&ship.id=eq.2&id=in.(1,2)",
            [{"id": 1, "ship": [{"id": 2}]}, {"id": 2, "ship": []}],
        ),
        get(
            "/harbour?select=id,ship(id)&ship.or=(id.eq.1,id.eq.3)&id=in.(1,2)",
            [{"id": 1, "ship": [{"id": 1}]}, {"id": 2, "ship": [{"id": 3}]}],
        ),
        get(
            "/harbour?select=id,ship(id)&ship.not.and=(id.gt.1,id.lt.9)&id=eq.1",
            [{"id": 1, "ship": [{"id": 1}]}],
        ),
        get(
            "/harbour?select=id,ship(id)&ship.order=id.desc&id=eq.1",
            [{"id": 1, "ship": [{"id": 2}, {"id": 1}]}],
            ordered=True,
        ),
        get(
            "/harbour?select=id,ship(id)&ship.order=id&ship.limit=1&id=eq.1",
            [{"id": 1, "ship": [{"id": 1}]}],
        ),
        get(
            "/harbour?select=id,ship(id)&ship.order=id&ship.offset=1&id=eq.1",
            [{"id": 1, "ship": [{"id": 2}]}],
        ),
        get(
            "/ship?select=id,harbour(id)&harbour.name=eq.Nope&id=eq.1", [{"id": 1, "harbour": None}]
        ),
        get(
            "/harbour?select=id,ship(id,cargo(id))&ship.cargo.kind=eq.salt&id=eq.1",
            [{"id": 1, "ship": [{"id": 1, "cargo": [{"id": 2}]}, {"id": 2, "cargo": []}]}],
        ),
        get(
            "/harbour?select=id,ship(id,cargo(id))&ship.cargo.order=id.desc&ship.order=id&id=eq.1",
            [
                {
                    "id": 1,
                    "ship": [
                        {"id": 1, "cargo": [{"id": 2}, {"id": 1}]},
                        {"id": 2, "cargo": [{"id": 3}]},
                    ],
                }
            ],
            ordered=True,
        ),
        get(
            "/ship?select=id,sailor(id)&sailor.name=eq.Tom&id=eq.1",
            [{"id": 1, "sailor": [{"id": 2}]}],
        ),
        get(
            "/ship?select=id,sailor(id)&sailor.order=id.desc&sailor.limit=1&id=eq.1",
            [{"id": 1, "sailor": [{"id": 2}]}],
        ),
        get("/harbour?select=id,ship(id)&ship.limit=0&id=eq.1", [{"id": 1, "ship": []}]),
        get(
            "/harbour?select=id,ship(name)&ship.name=in.(Aurora,Zed)&id=eq.1",
            [{"id": 1, "ship": [{"name": "Aurora"}]}],
        ),
    ),
    rule(
        "embed-path-alias",
        "§4",
        1,
        "The path uses the alias if there is one",
        get(
            "/harbour?select=id,boats:ship(id)&boats.id=eq.2&id=eq.1",
            [{"id": 1, "boats": [{"id": 2}]}],
        ),
        get(
            "/harbour?select=id,a:ship(id),b:ship(id)&a.id=eq.1&b.id=eq.2&id=eq.1",
            [{"id": 1, "a": [{"id": 1}], "b": [{"id": 2}]}],
        ),
        get(
            "/route?select=id,a:harbour!from_id(name),b:harbour!to_id(name)&b.name=eq.Brek&id=lt.3",
            [
                {"id": 1, "a": {"name": "Alta"}, "b": {"name": "Brek"}},
                {"id": 2, "a": {"name": "Brek"}, "b": None},
            ],
        ),
    ),
    rule(
        "embed-path-missing",
        "§4",
        1,
        "A parameter for what is not selected is refused with PGRST108",
        get("/harbour?select=id&ship.id=eq.2", not_embedded("ship"), 400),
        get("/harbour?select=id&ship.order=id", not_embedded("ship"), 400),
        get("/harbour?select=id&ship.limit=1", not_embedded("ship"), 400),
        get("/harbour?select=id&ship.or=(id.eq.1)", not_embedded("ship"), 400),
        get("/harbour?select=id,ship(id)&ship.cargo.id=eq.1", not_embedded("cargo"), 400),
    ),
    rule(
        "embed-legacy-target",
        "§4",
        2,
        "The table's name also works beside an alias, unless that is turned off",
        get(
            "/harbour?select=id,boats:ship(id)&ship.id=eq.2&id=eq.1",
            [{"id": 1, "boats": [{"id": 2}]}],
        ),
        get(
            "/harbour?select=id,boats:ship(id)&ship.id=eq.2&id=eq.1",
            error(
                "PGRST108",
                "'ship' is not an embedded resource in this request",
                "Target names are not allowed in filters if they have an alias",
                "Change 'ship' to 'boats' in filters, orders or limits.",
            ),
            400,
            profile="strict-names",
        ),
        get(
            "/harbour?select=id,boats:ship(id)&boats.id=eq.2&id=eq.1",
            [{"id": 1, "boats": [{"id": 2}]}],
            profile="strict-names",
        ),
    ),
    rule(
        "embed-inner",
        "§4",
        1,
        "!inner drops parents without a match, of counts too; !left is the default",
        get(
            "/harbour?select=id,ship!inner(id)&order=id",
            [HARBOUR_1, {"id": 2, "ship": [{"id": 3}]}],
            ordered=True,
        ),
        get("/harbour?select=id,ship!left(id)&id=eq.4", [{"id": 4, "ship": []}]),
        get("/harbour?select=id,ship!inner(id)&ship.id=eq.2", [{"id": 1, "ship": [{"id": 2}]}]),
        get(
            "/ship?select=id,harbour!inner(name)&harbour.name=eq.Brek",
            [{"id": 3, "harbour": {"name": "Brek"}}],
        ),
        get("/ship?select=id,sailor!inner(id)&sailor.id=eq.3", [{"id": 3, "sailor": [{"id": 3}]}]),
        get(
            "/harbour?select=id,ship!inner(id)",
            prefer="count=exact",
            answer={"Content-Range": "0-1/2"},
        ),
        get(
            "/harbour?select=id,ship!inner(id,cargo!inner(id))&ship.cargo.kind=eq.coal&ship.o"
            "rder=id",
            [{"id": 1, "ship": [{"id": 1, "cargo": [{"id": 1}]}, {"id": 2, "cargo": [{"id": 3}]}]}],
        ),
        get(
            "/harbour?select=id,ship!inner(id)&limit=1&order=id.desc",
            [{"id": 2, "ship": [{"id": 3}]}],
            206,
            prefer="count=exact",
            answer={"Content-Range": "0-0/2"},
        ),
        get(
            "/route?select=id,harbour!from_id!inner(name)&harbour.name=eq.Brek",
            [{"id": 2, "harbour": {"name": "Brek"}}],
        ),
        get(
            "/route?select=id,harbour!inner!from_id(name)&harbour.name=eq.Brek",
            [{"id": 2, "harbour": {"name": "Brek"}}],
        ),
        get(
            "/ship?select=id,captain!inner(name)&captain.name=eq.Bob",
            [{"id": 2, "captain": {"name": "Bob"}}],
        ),
    ),
    rule(
        "embed-null",
        "§4",
        1,
        "rel=is.null and not.is.null are anti and semi joins, in trees too",
        get(
            "/harbour?select=id,ship()&ship=is.null&order=id", [{"id": 3}, {"id": 4}], ordered=True
        ),
        get(
            "/harbour?select=id,ship(id)&ship=not.is.null&order=id",
            [HARBOUR_1, {"id": 2, "ship": [{"id": 3}]}],
            ordered=True,
        ),
        get("/ship?select=id,harbour()&harbour=is.null", [{"id": 4}]),
        get(
            "/ship?select=id,harbour()&harbour=not.is.null&order=id",
            [{"id": 1}, {"id": 2}, {"id": 3}],
            ordered=True,
        ),
        get(
            "/harbour?select=id,ship(),route!from_id()&or=(ship.is.null,route.not.is.null)&or"
            "der=id",
            [{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}],
            ordered=True,
        ),
        get(
            "/ship?select=id,cargo(),sailor()&cargo.kind=eq.salt&sailor.name=eq.Tom&or=(cargo"
            ".not.is.null,sailor.not.is.null)&order=id",
            [{"id": 1}, {"id": 2}, {"id": 3}],
            ordered=True,
        ),
        get("/harbour?select=id,ship()&ship.name=like.A*&ship=not.is.null", [{"id": 1}]),
        get(
            "/harbour?select=id,ship()&ship=is.null",
            prefer="count=exact",
            answer={"Content-Range": "0-1/2"},
        ),
        get("/ship?select=id,cargo()&not.or=(cargo.not.is.null)", [{"id": 4}]),
        get("/ship?select=id,a:cargo()&a=is.null", [{"id": 4}]),
    ),
    rule(
        "embed-null-row",
        "§4",
        1,
        "A null filter tests whether the row exists, not nulls in it",
        get(
            "/ship?select=id,captain(ship_id)&captain=is.null&order=id",
            [{"id": 3, "captain": None}, {"id": 4, "captain": None}],
            ordered=True,
        ),
        get(
            "/sailor?select=id,m:mentor_id(mentor_id)&m=not.is.null&order=id",
            [
                {"id": 2, "m": {"mentor_id": None}},
                {"id": 3, "m": {"mentor_id": None}},
                {"id": 4, "m": {"mentor_id": 1}},
            ],
            ordered=True,
        ),
    ),
    rule(
        "embed-null-other",
        "§4",
        1,
        "Any other operator means a column of that name",
        get(
            "/ship?select=id,harbour()&harbour=eq.1",
            error(
                "42703",
                "column ship.harbour does not exist",
                None,
                'Perhaps you meant to reference the column "ship.harbour_id".',
            ),
            400,
        ),
    ),
)
