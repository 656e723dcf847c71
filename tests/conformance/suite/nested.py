"""Sections 4 and 5 once more: what only shows where several rules meet."""

from suite.case import Pairs, get, patch, post, put, rule

REPRESENTATION = "return=representation"
MERGE = "resolution=merge-duplicates,return=representation"

RULES = (
    rule(
        "meet-hints",
        "§4",
        1,
        "A hint may be the child's column, a constraint of several columns, a junction",
        get("/harbour?select=id,ship!harbour_id(id)&id=eq.2", [{"id": 2, "ship": [{"id": 3}]}]),
        get(
            "/ship?select=id,captain!ship_id(name)&id=eq.1", [{"id": 1, "captain": {"name": "Ada"}}]
        ),
        get(
            "/captain?select=id,ship!captain_ship_id_fkey(name)&id=eq.1",
            [{"id": 1, "ship": {"name": "Aurora"}}],
        ),
        get(
            "/booking?select=guest,cabin!booking_ship_id_cabin_number_fkey(beds)&id=eq.3",
            [{"guest": "Zoe", "cabin": {"beds": 1}}],
        ),
        get(
            "/booking?select=guest,booking_ship_id_cabin_number_fkey(beds)&id=eq.3",
            [{"guest": "Zoe", "booking_ship_id_cabin_number_fkey": {"beds": 1}}],
        ),
        get("/ship?select=id,sailor!crew(name)&id=eq.3", [{"id": 3, "sailor": [{"name": "Uma"}]}]),
        get(
            "/ship?select=id,s:sailor!crew!inner(name)&s.name=eq.Uma",
            [{"id": 3, "s": [{"name": "Uma"}]}],
        ),
    ),
    rule(
        "meet-hidden",
        "§4",
        1,
        "A table of a schema that is not exposed is no child",
        get(
            "/harbour?select=id,vault(id)",
            status=400,
            answer={"Proxy-Status": "PostgREST; error=PGRST200"},
        ),
    ),
    rule(
        "meet-null-filters",
        "§4",
        1,
        "Null filters over filtered embeds, joined by or, counted",
        get(
            "/ship?select=id,cargo(),sailor()&or=(cargo.is.null,sailor.is.null)&order=id",
            [{"id": 4}],
            ordered=True,
        ),
        get(
            "/ship?select=id,cargo(),sailor()&cargo.kind=eq.salt&or=(cargo.is.null,sailor.is."
            "null)&order=id",
            [{"id": 2}, {"id": 4}],
            prefer="count=exact",
            ordered=True,
            answer={"Content-Range": "0-1/2"},
        ),
        get(
            "/ship?select=id,cargo()&and=(cargo.not.is.null,id.gt.1)&order=id",
            [{"id": 2}, {"id": 3}],
            prefer="count=exact",
            answer={"Content-Range": "0-1/2"},
        ),
        get(
            "/ship?select=id,heavy_cargo()&heavy_cargo=is.null&order=id",
            [{"id": 3}, {"id": 4}],
            prefer="count=exact",
            answer={"Content-Range": "0-1/2"},
        ),
        get(
            "/sailor?select=id,ship()&ship=is.null",
            [{"id": 4}],
            prefer="count=exact",
            answer={"Content-Range": "0-0/1"},
        ),
        get(
            "/harbour?select=id,ship(id,captain())&ship.captain=is.null&id=eq.2",
            [{"id": 2, "ship": [{"id": 3}]}],
        ),
        get(
            "/harbour?select=id,ship!inner(id,captain())&ship.captain=is.null",
            [{"id": 2, "ship": [{"id": 3}]}],
            prefer="count=exact",
            answer={"Content-Range": "0-0/1"},
        ),
        get("/ship?select=id,harbour()&not.and=(harbour.not.is.null,id.lt.9)", [{"id": 4}]),
    ),
    rule(
        "meet-paths",
        "§4",
        1,
        "Trees, quotes, aliases and JSON in the paths of embeds",
        get('/harbour?select=id,ship(id)&"ship".id=eq.2&id=eq.1', [{"id": 1, "ship": [{"id": 2}]}]),
        get(
            "/harbour?select=id,boats:ship(id)&boats.or=(id.eq.2,id.eq.7)&id=eq.1",
            [{"id": 1, "boats": [{"id": 2}]}],
        ),
        get(
            "/harbour?select=id,ship(id,cargo(id))&ship.cargo.or=(kind.eq.salt,price.gt.99)&s"
            "hip.cargo.price=lt.60&ship.id=eq.1&id=eq.1",
            [{"id": 1, "ship": [{"id": 1, "cargo": [{"id": 2}]}]}],
        ),
        get(
            "/harbour?select=id,ship(id)&ship.not.or=(id.eq.2,id.eq.7)&id=eq.1",
            [{"id": 1, "ship": [{"id": 1}]}],
        ),
        get(
            "/ship?select=id,harbour!inner(id)&harbour.facts->>cranes=eq.4&order=id",
            [{"id": 1, "harbour": {"id": 1}}, {"id": 2, "harbour": {"id": 1}}],
            ordered=True,
        ),
        get(
            "/harbour?select=id,ship(id)&ship.order=label.desc&id=eq.1",
            [{"id": 1, "ship": [{"id": 2}, {"id": 1}]}],
            ordered=True,
        ),
        get(
            "/harbour?select=id,a:ship(id,b:cargo(id))&a.b.kind=eq.salt&a.b.limit=1&a.id=eq.1"
            "&id=eq.1",
            [{"id": 1, "a": [{"id": 1, "b": [{"id": 2}]}]}],
        ),
        get(
            '/odd%20table?select="order"&order="with space".desc',
            [{"order": 2}, {"order": 1}],
            ordered=True,
        ),
        get(
            "/sailor?select=id,m:mentor_id(id,m:mentor_id(id))&id=eq.4",
            [{"id": 4, "m": {"id": 2, "m": {"id": 1}}}],
        ),
        get(
            "/sailor?select=id,m:mentor_id!inner(id,m:mentor_id!inner(id))",
            [{"id": 4, "m": {"id": 2, "m": {"id": 1}}}],
        ),
    ),
    rule(
        "meet-deep",
        "§4",
        1,
        "Embeds nest to any depth, through every kind",
        get(
            "/licence?select=grade,captain(name,ship(name,harbour(name,route!from_id(name))))"
            "&captain_id=eq.1",
            [
                {
                    "grade": "A",
                    "captain": {
                        "name": "Ada",
                        "ship": {
                            "name": "Aurora",
                            "harbour": {
                                "name": "Alta",
                                "route": [{"name": "north"}, {"name": "loop"}],
                            },
                        },
                    },
                }
            ],
        ),
        get(
            "/sailor?select=name,ship(name,sailor(name,ship(name)))&id=eq.3",
            [
                {
                    "name": "Uma",
                    "ship": [
                        {
                            "name": "Calypso",
                            "sailor": [{"name": "Uma", "ship": [{"name": "Calypso"}]}],
                        }
                    ],
                }
            ],
        ),
        get(
            "/logbook?select=line,voyage(id,ship(name,captain(licence(grade))))&id=eq.1",
            [
                {
                    "line": "calm",
                    "voyage": {
                        "id": 1,
                        "ship": {"name": "Aurora", "captain": {"licence": {"grade": "A"}}},
                    },
                }
            ],
        ),
    ),
    rule(
        "meet-spreads",
        "§4",
        2,
        "Spreads in spreads, in embeds, over functions, of all columns",
        get(
            "/harbour?select=id,...ship(ships:name,...cargo(kinds:kind))&id=eq.2",
            [{"id": 2, "ships": ["Calypso"], "kinds": [["salt"]]}],
        ),
        get(
            "/harbour?select=id,...ship(names:name,...captain(captains:name))&ship.order=id&i"
            "d=eq.1",
            [{"id": 1, "names": ["Aurora", "Borealis"], "captains": ["Ada", "Bob"]}],
        ),
        get(
            "/cargo?select=id,...ship(sailor(name))&id=eq.3",
            [{"id": 3, "sailor": [{"name": "Tom"}]}],
        ),
        get(
            "/cargo?select=id,...ship(...sailor(sailors:name))&id=eq.3",
            [{"id": 3, "sailors": ["Tom"]}],
        ),
        get(
            "/ship?select=id,...captain(*)&id=eq.1",
            [Pairs((("id", 1), ("id", 1), ("name", "Ada"), ("ship_id", 1)))],
        ),
        get("/ship?select=id,...home(port:name)&id=eq.3", [{"id": 3, "port": "Brek"}]),
        get("/rpc/all_ships?select=id,...harbour(port:name)&id=eq.3", [{"id": 3, "port": "Brek"}]),
        patch(
            "/ship?id=eq.1&select=id,...harbour(port:name)",
            {"built": 1},
            [{"id": 1, "port": "Alta"}],
            200,
            prefer=REPRESENTATION,
        ),
        get(
            "/harbour?select=id,ship(id,...captain(captain:name))&id=eq.2",
            [{"id": 2, "ship": [{"id": 3, "captain": None}]}],
        ),
        get("/harbour?select=id,...ship(ids:id)&ship.id=eq.77&id=eq.1", [{"id": 1, "ids": []}]),
        get(
            "/harbour?select=id,...ship!inner(ids:id)&order=id",
            [{"id": 1, "ids": [1, 2]}, {"id": 2, "ids": [3]}],
            ordered=True,
        ),
        get("/ship?select=id,...harbour(n:facts->cranes)&id=eq.1", [{"id": 1, "n": 4}]),
    ),
    rule(
        "meet-computed",
        "§4",
        2,
        "Computed relationships on functions, and filtered by rows of theirs",
        get("/rpc/all_ships?select=id,home(name)&id=eq.3", [{"id": 3, "home": {"name": "Brek"}}]),
        get("/ship?select=id,home!inner(id)&home.name=eq.Brek", [{"id": 3, "home": {"id": 2}}]),
        get("/ship?select=id,home()&order=home(name).desc.nullslast,id&limit=1", [{"id": 3}]),
        get(
            "/cargo?select=id,ship(home(name))&id=eq.4",
            [{"id": 4, "ship": {"home": {"name": "Brek"}}}],
        ),
    ),
    rule(
        "meet-mutations",
        "§4 §5",
        1,
        "Filters on embeds of a mutation shape the answer, not the rows",
        patch(
            "/ship?select=id,harbour!inner(name)&harbour.name=eq.Brek",
            {"built": 1},
            [{"id": 3, "harbour": {"name": "Brek"}}],
            200,
            prefer=REPRESENTATION,
            profile="committing",
        )
        .leaving("SELECT count(*) FROM api.ship WHERE built = 1", [(4,)])
        .around(
            undo=(
                "UPDATE api.ship s SET built = v.b FROM (VALUES (1, 1990), (2, 1995), (3, "
                "NULL::int), (4, 2001)) v (i, b) WHERE s.id = v.i"
            )
        ),
        post(
            "/ship?select=id,home(name),harbour(name)",
            [{"id": 9, "name": "N", "harbour_id": 3}],
            [{"id": 9, "home": {"name": "Corr"}, "harbour": {"name": "Corr"}}],
            prefer=REPRESENTATION,
        ),
        patch(
            "/harbour?id=eq.2&select=id,ship(id)&ship.order=id",
            {"depth": 1},
            [{"id": 2, "ship": [{"id": 3}]}],
            200,
            prefer=REPRESENTATION,
        ),
    ),
    rule(
        "meet-views",
        "§4 §5",
        2,
        "Views have derived keys: Location, PUT and upserts go through them",
        post(
            "/pair_view",
            {"a": 3, "b": "z", "v": "v"},
            prefer="return=headers-only",
            answer={"Location": "/pair_view?a=eq.3&b=eq.z"},
        ),
        put(
            "/pair_view?a=eq.1&b=eq.x",
            {"a": 1, "b": "x", "v": "n"},
            [{"a": 1, "b": "x", "v": "n"}],
            200,
            prefer=REPRESENTATION,
        ),
        put(
            "/pair_view?a=eq.8&b=eq.x",
            {"a": 8, "b": "x", "v": "n"},
            [{"a": 8, "b": "x", "v": "n"}],
            201,
            prefer=REPRESENTATION,
        ),
        post(
            "/item_view",
            {"id": 1, "name": "new"},
            [{"id": 1, "name": "new", "kind": "plain"}],
            200,
            prefer=MERGE,
        ),
        post(
            "/item_view",
            [{"id": 1, "name": "new"}, {"id": 9, "name": "n"}],
            status=201,
            prefer=MERGE,
        ),
        patch(
            "/item_view?id=eq.1",
            {"name": "x"},
            [{"id": 1, "name": "x", "kind": "plain"}],
            200,
            prefer=REPRESENTATION,
        ),
    ),
    rule(
        "meet-put",
        "§5",
        2,
        "PUT sets what was sent; columns= is without effect on PUT and DELETE",
        put(
            "/item?id=eq.1&select=id,name,kind,size",
            {"id": 1, "name": "x"},
            [{"id": 1, "name": "x", "kind": "plain", "size": 1}],
            200,
            prefer=REPRESENTATION,
        ),
        put("/tower?id=eq.1&columns=zzz", {"id": 1, "name": "x"}),
    ),
    rule(
        "meet-body",
        "§5",
        1,
        "The last of a repeated key stays; one object in an array has a Location",
        post("/tower", '{"id": 9, "id": 8}', [{"id": 8, "name": None}], prefer=REPRESENTATION),
        post(
            "/tower",
            [{"id": 9}],
            prefer="return=headers-only",
            answer={"Location": "/tower?id=eq.9"},
        ),
        post(
            "/tower",
            '  [ {"id" : 9 , "name":"\\u00e9\\n" } ]  ',
            [{"id": 9, "name": "é\n"}],
            prefer=REPRESENTATION,
        ),
        post(
            "/tower",
            {"id": 9, "name": "\U0001f600"},
            [{"id": 9, "name": "\U0001f600"}],
            prefer=REPRESENTATION,
        ),
        post("/tower", {"id": "9", "name": 5}, [{"id": 9, "name": "5"}], prefer=REPRESENTATION),
        post(
            "/tower",
            {"id": 9, "name": {"a": 1}},
            [{"id": 9, "name": '{"a": 1}'}],
            prefer=REPRESENTATION,
        ),
    ),
    rule(
        "meet-row-security",
        "§8",
        1,
        "An upsert does not reach a row that row security hides",
        post(
            "/note",
            {"id": 2, "owner": "u1"},
            status=403,
            claims={"role": "member", "sub": "u1"},
            prefer="resolution=merge-duplicates",
            answer={"Proxy-Status": "PostgREST; error=42501"},
        ),
        post("/note", {"id": 2, "owner": "u1"}, status=409, claims={"role": "member", "sub": "u1"}),
    ),
)
