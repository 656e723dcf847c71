"""Section 4: orders over embeds, spreads, embeds of mutations and calls."""

from decimal import Decimal

from suite.case import call, delete, error, get, patch, post, rule

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
        "embed-empty",
        "§4",
        1,
        "rel() is joined and filtered, not shown",
        get("/ship?select=id,harbour()&id=eq.1", [{"id": 1}]),
        get("/ship?select=id,harbour!inner()&harbour.name=eq.Brek", [{"id": 3}]),
        get("/harbour?select=id,ship(cargo())&id=eq.1", [{"id": 1}]),
        get(
            "/harbour?select=id,ship!inner(cargo!inner())&ship.cargo.kind=eq.salt&order=id",
            [{"id": 1}, {"id": 2}],
            ordered=True,
        ),
    ),
    rule(
        "embed-order",
        "§4",
        1,
        "order=rel(col) orders by a to-one embed that is selected",
        get(
            "/ship?select=id,harbour(name)&order=harbour(name).desc.nullslast,id",
            [
                {"id": 3, "harbour": {"name": "Brek"}},
                {"id": 1, "harbour": {"name": "Alta"}},
                {"id": 2, "harbour": {"name": "Alta"}},
                {"id": 4, "harbour": None},
            ],
            ordered=True,
        ),
        get(
            "/ship?select=id,h:harbour()&order=h(name).nullsfirst,id.desc",
            [{"id": 4}, {"id": 2}, {"id": 1}, {"id": 3}],
            ordered=True,
        ),
        get(
            "/ship?select=id,harbour()&order=harbour(facts->>cranes).asc,id",
            [{"id": 3}, {"id": 1}, {"id": 2}, {"id": 4}],
            ordered=True,
        ),
        get(
            "/ship?select=id,captain()&order=captain(name).desc.nullslast,id",
            [{"id": 2}, {"id": 1}, {"id": 3}, {"id": 4}],
            ordered=True,
        ),
        get(
            "/harbour?select=id,ship(id,captain())&ship.order=captain(name).desc&id=eq.1",
            [{"id": 1, "ship": [{"id": 2}, {"id": 1}]}],
            ordered=True,
        ),
    ),
    rule(
        "embed-order-refused",
        "§4",
        1,
        "A related order over a to-many is PGRST118, over what is not selected PGRST108",
        get(
            "/harbour?select=id,ship(id)&order=ship(name)",
            error(
                "PGRST118",
                "A related order on 'ship' is not possible",
                "'harbour' and 'ship' do not form a many-to-one or one-to-one relationship",
            ),
            400,
        ),
        get(
            "/harbour?select=id,boats:ship(id)&order=boats(name)",
            error(
                "PGRST118",
                "A related order on 'boats' is not possible",
                "'harbour' and 'boats' do not form a many-to-one or one-to-one relationship",
            ),
            400,
        ),
        get("/ship?select=id&order=harbour(name)", not_embedded("harbour"), 400),
    ),
    rule(
        "spread-one",
        "§4",
        2,
        "A to-one spread lifts columns, null if absent",
        get(
            "/ship?select=id,...harbour(port:name)&order=id",
            [
                {"id": 1, "port": "Alta"},
                {"id": 2, "port": "Alta"},
                {"id": 3, "port": "Brek"},
                {"id": 4, "port": None},
            ],
            ordered=True,
        ),
        get(
            "/cargo?select=id,...ship(ship_name:name,...harbour(port:name))&id=eq.1",
            [{"id": 1, "ship_name": "Aurora", "port": "Alta"}],
        ),
        get(
            "/cargo?select=id,...ship(harbour(name))&id=eq.4",
            [{"id": 4, "harbour": {"name": "Brek"}}],
        ),
        get("/ship?select=id,...captain(captain:name)&id=eq.2", [{"id": 2, "captain": "Bob"}]),
        get(
            "/cargo?select=id,...ship!inner(ship_name:name)&ship.name=eq.Calypso",
            [{"id": 4, "ship_name": "Calypso"}],
        ),
    ),
    rule(
        "spread-many",
        "§4",
        2,
        "A to-many spread gives an array per column, all in the same order, [] if none",
        get(
            "/harbour?select=id,...ship(ship_id:id,title:name)&ship.order=id.desc&id=in.(1,4)"
            "&order=id",
            [
                {"id": 1, "ship_id": [2, 1], "title": ["Borealis", "Aurora"]},
                {"id": 4, "ship_id": [], "title": []},
            ],
            ordered=True,
        ),
        get(
            "/harbour?select=id,...ship(title:name)&ship.order=built.desc&id=eq.1",
            [{"id": 1, "title": ["Borealis", "Aurora"]}],
            ordered=True,
        ),
        get(
            "/ship?select=id,...sailor(sailors:name)&sailor.order=name&id=eq.1",
            [{"id": 1, "sailors": ["Sam", "Tom"]}],
            ordered=True,
        ),
        get(
            "/harbour?select=id,...ship(t:tonnage)&ship.order=id&id=eq.1",
            [{"id": 1, "t": [Decimal("100.50"), Decimal("200.00")]}],
        ),
    ),
    rule(
        "spread-no-alias",
        "§4",
        2,
        "A spread has no alias",
        get(
            "/ship?select=id,x:...harbour(name)",
            status=400,
            answer={"Proxy-Status": "PostgREST; error=PGRST100"},
        ),
    ),
    rule(
        "embed-mutation",
        "§4",
        1,
        "On mutations embeds come with the representation; root filters choose rows, filters "
        "on embeds shape",
        post(
            "/cargo?select=id,ship(name)",
            {"id": 9, "ship_id": 1},
            [{"id": 9, "ship": {"name": "Aurora"}}],
            prefer="return=representation",
        ),
        patch(
            "/ship?id=eq.3&select=name,harbour(name)",
            {"harbour_id": 4},
            [{"name": "Calypso", "harbour": {"name": "Dunn"}}],
            200,
            prefer="return=representation",
        ),
        patch(
            "/ship?id=eq.3&select=name,cargo(id)&cargo.id=eq.77",
            {"built": 1},
            [{"name": "Calypso", "cargo": []}],
            200,
            prefer="return=representation",
        ),
        delete(
            "/cargo?id=eq.4&select=id,ship(name)",
            [{"id": 4, "ship": {"name": "Calypso"}}],
            200,
            prefer="return=representation",
        ),
        post(
            "/ship?select=name,heavy_cargo(id)",
            {"id": 9, "name": "New"},
            [{"name": "New", "heavy_cargo": []}],
            prefer="return=representation",
        ),
        post(
            "/crew?select=ship(name),sailor(name)",
            {"ship_id": 4, "sailor_id": 4},
            [{"ship": {"name": "Dorado"}, "sailor": {"name": "Vic"}}],
            prefer="return=representation",
        ),
    ),
    rule(
        "embed-rpc",
        "§4",
        1,
        "On RPC embeds work by the name of the returned row type",
        get(
            "/rpc/ship_titles?select=id,harbour(id)",
            error(
                "PGRST200",
                "Could not find a relationship between 'record' and 'harbour' in the schema cache",
                "Searched for a foreign key relationship between 'record' and 'harbour' in the"
                " schema 'api', but no matches were found.",
                None,
            ),
            400,
        ),
        get(
            "/rpc/all_ships?select=id,harbour(name)&id=eq.3",
            [{"id": 3, "harbour": {"name": "Brek"}}],
        ),
        call(
            "get_ship?select=name,cargo(id)",
            {"id": 1},
            {"name": "Aurora", "cargo": [{"id": 1}, {"id": 2}]},
        ),
        get(
            "/rpc/all_ships?select=id,cargo!inner(kind)&cargo.kind=eq.salt&order=id",
            [{"id": 1, "cargo": [{"kind": "salt"}]}, {"id": 3, "cargo": [{"kind": "salt"}]}],
            ordered=True,
        ),
        get(
            "/rpc/all_ships?select=id,harbour()&order=harbour(name).desc.nullslast,id&limit=1",
            [{"id": 3}],
        ),
    ),
    rule(
        "embed-numbers",
        "§12",
        1,
        "Embedded numbers keep their scale",
        get(
            "/ship?select=id,harbour(depth)&id=eq.1",
            [{"id": 1, "harbour": {"depth": Decimal("12.50")}}],
        ),
        get(
            "/harbour?select=id,ship(tonnage)&ship.id=eq.2&id=eq.1",
            [{"id": 1, "ship": [{"tonnage": Decimal("200.00")}]}],
        ),
    ),
)
