"""Section 4: how relationships are found over foreign keys."""

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
        "embed-to-one",
        "§4",
        1,
        "Many-to-one gives an object or null",
        get("/ship?select=id,harbour(id,name)&id=eq.1", [{"id": 1, "harbour": ALTA}]),
        get("/ship?select=id,harbour(id,name)&id=eq.4", [{"id": 4, "harbour": None}]),
        get(
            "/cargo?select=id,ship(id,harbour(name))&id=eq.1",
            [{"id": 1, "ship": {"id": 1, "harbour": {"name": "Alta"}}}],
        ),
    ),
    rule(
        "embed-to-many",
        "§4",
        1,
        "One-to-many gives an array, [] if none",
        get("/harbour?select=id,ship(id)&id=eq.1", [{"id": 1, "ship": [{"id": 1}, {"id": 2}]}]),
        get("/harbour?select=id,ship(id)&id=eq.4", [{"id": 4, "ship": []}]),
        get(
            "/harbour?select=id,ship(id,cargo(id))&id=eq.2",
            [{"id": 2, "ship": [{"id": 3, "cargo": [{"id": 4}]}]}],
        ),
        get(
            "/ship?select=name,cargo(kind),harbour(name)&id=eq.3",
            [{"name": "Calypso", "cargo": [{"kind": "salt"}], "harbour": {"name": "Brek"}}],
        ),
    ),
    rule(
        "embed-all",
        "§4",
        1,
        "`rel(*)` gives all columns",
        get(
            "/captain?select=name,licence(*)&id=eq.1",
            [{"name": "Ada", "licence": {"captain_id": 1, "grade": "A"}}],
        ),
        get(
            "/tower?select=*,lamp(*)&id=eq.1",
            [{"id": 1, "name": "east", "lamp": [{"id": 1, "tower_id": 1}]}],
        ),
    ),
    rule(
        "embed-one-to-one",
        "§4",
        1,
        "A key that is exactly a primary key or unique constraint gives one-to-one, both ways",
        get(
            "/ship?select=id,captain(name)&order=id&id=lt.4",
            [
                {"id": 1, "captain": {"name": "Ada"}},
                {"id": 2, "captain": {"name": "Bob"}},
                {"id": 3, "captain": None},
            ],
            ordered=True,
        ),
        get("/captain?select=id,ship(name)&id=eq.1", [{"id": 1, "ship": {"name": "Aurora"}}]),
        get("/captain?select=id,licence(grade)&id=eq.3", [{"id": 3, "licence": None}]),
        get(
            "/licence?select=grade,captain(name)&captain_id=eq.2",
            [{"grade": "B", "captain": {"name": "Bob"}}],
        ),
    ),
    rule(
        "embed-unique-index",
        "§4",
        1,
        "A unique index that is no constraint is not enough for one-to-one",
        get("/sailor?select=id,badge(id)&id=eq.1", [{"id": 1, "badge": [{"id": 10}]}]),
    ),
    rule(
        "embed-many-to-many",
        "§4",
        1,
        "A junction whose two keys lie in its primary key gives many-to-many",
        get(
            "/ship?select=id,sailor(name)&id=eq.1",
            [{"id": 1, "sailor": [{"name": "Sam"}, {"name": "Tom"}]}],
        ),
        get(
            "/sailor?select=id,ship(name)&id=eq.2",
            [{"id": 2, "ship": [{"name": "Aurora"}, {"name": "Borealis"}]}],
        ),
        get("/sailor?select=id,ship(name)&id=eq.4", [{"id": 4, "ship": []}]),
        get(
            "/ship?select=id,crew(since,sailor(name))&id=eq.2",
            [{"id": 2, "crew": [{"since": "2022-01-01", "sailor": {"name": "Tom"}}]}],
        ),
    ),
    rule(
        "embed-no-junction",
        "§4",
        1,
        "A table whose keys are not in its primary key is no junction",
        get(
            "/sailor?select=id,harbour(name)",
            missing("sailor", "harbour", "Perhaps you meant 'sailor' instead of 'harbour'."),
            400,
        ),
        get(
            "/sailor?select=id,sighting(harbour(name))&id=eq.1",
            [{"id": 1, "sighting": [{"harbour": {"name": "Alta"}}, {"harbour": {"name": "Brek"}}]}],
        ),
    ),
    rule(
        "embed-composite-key",
        "§4",
        1,
        "Keys of several columns",
        get(
            "/booking?select=guest,cabin(beds)&order=id",
            [
                {"guest": "Xen", "cabin": {"beds": 2}},
                {"guest": "Yan", "cabin": {"beds": 2}},
                {"guest": "Zoe", "cabin": {"beds": 1}},
                {"guest": "Wim", "cabin": None},
            ],
            ordered=True,
        ),
        get(
            "/cabin?select=number,booking(guest)&ship_id=eq.1&number=eq.1",
            [{"number": 1, "booking": [{"guest": "Xen"}, {"guest": "Yan"}]}],
        ),
    ),
    rule(
        "embed-constraint",
        "§4",
        1,
        "The target may be the constraint, or the parent-side column of a one-column key",
        get(
            "/ship?select=id,ship_harbour_id_fkey(name)&id=eq.1",
            [{"id": 1, "ship_harbour_id_fkey": {"name": "Alta"}}],
        ),
        get(
            "/ship?select=id,harbour_id(name)&id=eq.1", [{"id": 1, "harbour_id": {"name": "Alta"}}]
        ),
        get("/ship?select=id,h:harbour_id(name)&id=eq.1", [{"id": 1, "h": {"name": "Alta"}}]),
        get(
            "/route?select=id,from_id(name),to_id(name)&id=eq.1",
            [{"id": 1, "from_id": {"name": "Alta"}, "to_id": {"name": "Brek"}}],
        ),
        get(
            "/route?select=id,route_to_id_fkey(name)&id=eq.2",
            [{"id": 2, "route_to_id_fkey": {"name": "Corr"}}],
        ),
    ),
    rule(
        "embed-hint",
        "§4",
        1,
        "A hint is a constraint, a column of a one-column key on either side, or a junction",
        get(
            "/route?select=id,harbour!route_from_id_fkey(name)&id=eq.1",
            [{"id": 1, "harbour": {"name": "Alta"}}],
        ),
        get(
            "/route?select=id,harbour!to_id(name)&id=eq.1", [{"id": 1, "harbour": {"name": "Brek"}}]
        ),
        get(
            "/route?select=a:harbour!from_id(name),b:harbour!to_id(name)&id=eq.2",
            [{"a": {"name": "Brek"}, "b": {"name": "Corr"}}],
        ),
        get(
            "/harbour?select=id,route!from_id(name)&id=eq.1",
            [{"id": 1, "route": [{"name": "north"}, {"name": "loop"}]}],
        ),
        get(
            "/harbour?select=id,route!route_to_id_fkey(name)&id=eq.1",
            [{"id": 1, "route": [{"name": "loop"}]}],
        ),
        get("/ship?select=id,harbour!id(name)&id=eq.1", [{"id": 1, "harbour": {"name": "Alta"}}]),
        get(
            "/sailor?select=id,skill!learned(name)&id=eq.3",
            [{"id": 3, "skill": [{"name": "stars"}]}],
        ),
        get(
            "/sailor?select=id,skill!taught(name)&id=eq.1",
            [{"id": 1, "skill": [{"name": "knots"}, {"name": "stars"}]}],
        ),
        get("/ship?select=id,harbour!nope(name)", missing("ship", "harbour", using="nope"), 400),
    ),
    rule(
        "embed-self",
        "§4",
        1,
        "Self references: the name gives one-to-many, the column many-to-one, a hint one-to-many",
        get("/sailor?select=id,mentor_id(name)&id=eq.2", [{"id": 2, "mentor_id": {"name": "Sam"}}]),
        get("/sailor?select=id,m:mentor_id(name)&id=eq.1", [{"id": 1, "m": None}]),
        get(
            "/sailor?select=id,sailor!mentor_id(name)&id=eq.1",
            [{"id": 1, "sailor": [{"name": "Tom"}, {"name": "Uma"}]}],
        ),
        get(
            "/sailor?select=id,sailor(name)&id=eq.1",
            [{"id": 1, "sailor": [{"name": "Tom"}, {"name": "Uma"}]}],
        ),
        get(
            "/sailor?select=id,p:sailor!mentor_id(id,mentor_id(id))&id=eq.2",
            [{"id": 2, "p": [{"id": 4, "mentor_id": {"id": 2}}]}],
        ),
    ),
)
