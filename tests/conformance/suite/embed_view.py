"""Section 4: relationships of views, partitions and functions."""

from suite.case import error, get, rule

ALTA = {"id": 1, "name": "Alta"}


def missing(parent, child, hint=None, *, using=None, schema="api"):
    """Return the refusal where nothing relates two resources."""
    by = f" using the hint '{using}'" if using else ""
    return error(
        "PGRST200",
        f"Could not find a relationship between '{parent}' and '{child}' in the schema cache",
        f"Searched for a foreign key relationship between '{parent}' and '{child}'{by} in the "
        f"schema '{schema}',"
        " but no matches were found.",
        hint,
    )


def ambiguous(parent, child, entries, tries):
    """Return the refusal where several relationships match."""
    listed = ", ".join(f"'{one}'" for one in tries)
    return error(
        "PGRST201",
        f"Could not embed because more than one relationship was found for '{parent}' and "
        f"'{child}'",
        [
            {"cardinality": c, "embedding": f"{parent} with {child}", "relationship": r}
            for c, r in entries
        ],
        f"Try changing '{child}' to one of the following: {listed}."
        " Find the desired relationship in the 'details' key.",
    )


ROUTES = [
    ("many-to-one", "route_from_id_fkey using route(from_id) and harbour(id)"),
    ("many-to-one", "route_to_id_fkey using route(to_id) and harbour(id)"),
]
ROUTES_BACK = [
    ("one-to-many", "route_from_id_fkey using harbour(id) and route(from_id)"),
    ("one-to-many", "route_to_id_fkey using harbour(id) and route(to_id)"),
]

RULES = (
    rule(
        "embed-none",
        "§4",
        1,
        "None gives PGRST200",
        get("/tower?select=*,ship(*)", missing("tower", "ship"), 400),
        get("/ship?select=id,cargo(id,tower(*))", missing("cargo", "tower"), 400),
    ),
    rule(
        "embed-ambiguous",
        "§4",
        1,
        "Several give PGRST201 with status 300 and every one of them",
        get(
            "/route?select=id,harbour(name)",
            ambiguous(
                "route",
                "harbour",
                ROUTES,
                ("harbour!route_from_id_fkey", "harbour!route_to_id_fkey"),
            ),
            300,
            ordered=True,
        ),
        get(
            "/harbour?select=id,route(name)",
            ambiguous(
                "harbour",
                "route",
                ROUTES_BACK,
                ("route!route_from_id_fkey", "route!route_to_id_fkey"),
            ),
            300,
            ordered=True,
        ),
        get(
            "/sailor?select=id,skill(name)",
            ambiguous(
                "sailor",
                "skill",
                [
                    (
                        "many-to-many",
                        (
                            "learned using learned_sailor_id_fkey(sailor_id) and "
                            "learned_skill_id_fkey(skill_id)"
                        ),
                    ),
                    (
                        "many-to-many",
                        (
                            "taught using taught_sailor_id_fkey(sailor_id) and "
                            "taught_skill_id_fkey(skill_id)"
                        ),
                    ),
                ],
                ("skill!learned", "skill!taught"),
            ),
            300,
            ordered=True,
        ),
    ),
    rule(
        "embed-closest",
        "§4 §9",
        2,
        "PGRST200 names the closest relation that is related",
        get(
            "/ship?select=id,cargoo(id)",
            missing("ship", "cargoo", "Perhaps you meant 'cargo' instead of 'cargoo'."),
            400,
        ),
        get(
            "/ship?select=id,harbor(id)",
            missing("ship", "harbor", "Perhaps you meant 'harbour' instead of 'harbor'."),
            400,
        ),
    ),
    rule(
        "embed-view",
        "§4",
        2,
        "Views take part where all columns of the key are plain columns, through views of views",
        get(
            "/ship_view?select=title,harbour(name)&id=eq.3",
            [{"title": "Calypso", "harbour": {"name": "Brek"}}],
        ),
        get("/harbour_view?select=name,ship(id)&id=eq.2", [{"name": "Brek", "ship": [{"id": 3}]}]),
        get("/harbour_names?select=name,ship(id)&id=eq.2", [{"name": "Brek", "ship": [{"id": 3}]}]),
        get(
            "/ship?select=id,harbour_names(name)&id=eq.3",
            [{"id": 3, "harbour_names": {"name": "Brek"}}],
        ),
        get(
            "/harbour_names?select=name,ship_view(title)&id=eq.2",
            [{"name": "Brek", "ship_view": [{"title": "Calypso"}]}],
        ),
        get(
            "/ship_stats?select=id,harbour(name)&id=eq.3", [{"id": 3, "harbour": {"name": "Brek"}}]
        ),
        get(
            "/harbour?select=id,ship_stats(tonnage::int)&id=eq.2",
            [{"id": 2, "ship_stats": [{"tonnage": 50}]}],
        ),
        get("/ship_view?select=id,captain(name)&id=eq.1", [{"id": 1, "captain": {"name": "Ada"}}]),
        get("/ship_view?select=id,sailor(name)&id=eq.3", [{"id": 3, "sailor": [{"name": "Uma"}]}]),
        get("/ship_view?select=id,home_id(name)&id=eq.3", [{"id": 3, "home_id": {"name": "Brek"}}]),
    ),
    rule(
        "embed-view-not",
        "§4",
        2,
        "A view by UNION takes no part; a view as the child is no target by column or constraint",
        get(
            "/ship_union?select=id,harbour(name)",
            status=400,
            answer={"Proxy-Status": "PostgREST; error=PGRST200"},
        ),
    ),
    rule(
        "embed-view-twice",
        "§4",
        2,
        "A base column selected twice gives one relationship per copy",
        get(
            "/ship_twice?select=id,one(name),two(name)&id=eq.3",
            [{"id": 3, "one": {"name": "Brek"}, "two": {"name": "Brek"}}],
        ),
        get(
            "/ship_twice?select=id,harbour!one(name)&id=eq.3",
            [{"id": 3, "harbour": {"name": "Brek"}}],
        ),
        get(
            "/ship_twice?select=id,harbour(name)",
            status=300,
            answer={"Proxy-Status": "PostgREST; error=PGRST201"},
        ),
    ),
    rule(
        "embed-view-hidden-base",
        "§4",
        2,
        "A view in an exposed schema may stand over a table of another",
        get("/vault_view?select=id,harbour(name)", [{"id": 1, "harbour": {"name": "Brek"}}]),
        get("/harbour?select=id,vault_view(id)&id=eq.2", [{"id": 2, "vault_view": [{"id": 1}]}]),
    ),
    rule(
        "embed-partitioned",
        "§4",
        2,
        "Partitioned tables take part; partitions are no resources",
        get("/voyage?select=id,ship(name)&id=eq.3", [{"id": 3, "ship": {"name": "Borealis"}}]),
        get("/ship?select=id,voyage(id)&id=eq.1", [{"id": 1, "voyage": [{"id": 1}, {"id": 2}]}]),
        get(
            "/logbook?select=line,voyage(day)&id=eq.2",
            [{"line": "storm", "voyage": {"day": "2025-03-01"}}],
        ),
        get("/voyage_2024", status=404, answer={"Proxy-Status": "PostgREST; error=PGRST205"}),
        get("/voyage?select=id&day=gte.2025-01-01&order=id", [{"id": 2}, {"id": 3}], ordered=True),
    ),
    rule(
        "embed-computed",
        "§4",
        2,
        "A function of one row argument that returns rows is a relationship; to-one if not "
        "SETOF or ROWS 1",
        get("/ship?select=id,heavy_cargo(id)&id=eq.1", [{"id": 1, "heavy_cargo": [{"id": 1}]}]),
        get("/ship?select=id,home(name)&id=eq.3", [{"id": 3, "home": {"name": "Brek"}}]),
        get("/ship?select=id,home(name)&id=eq.4", [{"id": 4, "home": None}]),
        get("/harbour?select=id,newest(name)&id=eq.1", [{"id": 1, "newest": {"name": "Borealis"}}]),
        get("/ship?select=id,c:heavy_cargo(kind)&id=eq.2", [{"id": 2, "c": [{"kind": "coal"}]}]),
        get(
            "/ship?select=id,heavy_cargo!anything(id)&id=eq.2",
            [{"id": 2, "heavy_cargo": [{"id": 3}]}],
        ),
        get(
            "/sailor?select=id,pupils(id,pupils(id))&id=eq.1",
            [{"id": 1, "pupils": [{"id": 2, "pupils": [{"id": 4}]}, {"id": 3, "pupils": []}]}],
        ),
        get(
            "/ship?select=id,home(name,ship(id))&id=eq.3",
            [{"id": 3, "home": {"name": "Brek", "ship": [{"id": 3}]}}],
        ),
        get(
            "/ship?select=id,heavy_cargo(id)&heavy_cargo.kind=eq.salt&id=eq.1",
            [{"id": 1, "heavy_cargo": []}],
        ),
        get(
            "/ship?select=id,heavy_cargo!inner(id)&order=id",
            [{"id": 1, "heavy_cargo": [{"id": 1}]}, {"id": 2, "heavy_cargo": [{"id": 3}]}],
            ordered=True,
        ),
    ),
    rule(
        "embed-computed-replaces",
        "§4",
        2,
        "A computed one of the child's name replaces the detected ones",
        get("/lamp?select=id,tower(name)", [{"id": 1, "tower": {"name": "west"}}]),
    ),
    rule(
        "embed-alias-quoted",
        "§4",
        1,
        "Aliases name the output; names may be quoted",
        get(
            '/ship?select=id,"my port":harbour(name)&id=eq.1',
            [{"id": 1, "my port": {"name": "Alta"}}],
        ),
        get(
            '/ship?select=id,"harbour"!"ship_harbour_id_fkey"(name)&id=eq.1',
            [{"id": 1, "harbour": {"name": "Alta"}}],
        ),
    ),
)
