"""Reads and filters of the JavaScript client."""

from javascript_case import Case

MASTERS = (("from", "master"), ("select", "id"))


def _ids(name, where, *narrow):
    """Return a case whose rows are the masters that a condition finds."""
    return Case(
        name,
        (*MASTERS, *narrow, ("order", "id")),
        rows=f"SELECT id FROM master WHERE {where} ORDER BY id",
    )


SELECTS = (
    Case(
        "columns",
        (("from", "master"), ("select", "id, name"), ("order", "id")),
        rows="SELECT id, name FROM master ORDER BY id",
    ),
    Case(
        "everything",
        (("from", "master"), ("select",), ("order", "id")),
        rows="SELECT * FROM master ORDER BY id",
    ),
    Case(
        "another schema",
        (("schema", "archive"), ("from", "booking"), ("select", "*"), ("order", "id")),
        rows="SELECT * FROM archive.booking ORDER BY id",
    ),
    Case(
        "an embed, an alias, a cast",
        (
            ("from", "master"),
            ("select", "called:name, rating::text, service(title, price)"),
            ("order", "id"),
        ),
        rows="""SELECT name AS called, rating::text, coalesce((SELECT json_agg(json_build_object(
                  'title', title, 'price', price)) FROM service WHERE master_id = m.id), '[]')
                  AS service FROM master m ORDER BY id""",
    ),
    Case(
        "an exact count beside a page",
        (
            ("from", "master"),
            ("select", "id", {"count": "exact"}),
            ("order", "id"),
            ("range", 1, 2),
        ),
        data=[{"id": 2}, {"id": 3}],
        count="SELECT count(*)::int FROM master",
        status=206,
    ),
    Case(
        "a planned count",
        (("from", "master"), ("select", "id", {"count": "planned"}), ("order", "id")),
        rows="SELECT id FROM master ORDER BY id",
        count="EXPLAIN (FORMAT JSON) SELECT 1 FROM master",
    ),
    Case(
        "an estimated count",
        (("from", "master"), ("select", "id", {"count": "estimated"}), ("order", "id")),
        rows="SELECT id FROM master ORDER BY id",
        count="SELECT count(*)::int FROM master",
    ),
    Case(
        "the count alone",
        (("from", "master"), ("select", "*", {"count": "exact", "head": True}), ("gt", "id", 2)),
        data=None,
        count="SELECT count(*)::int FROM master WHERE id > 2",
    ),
    Case(
        "order, nulls where asked",
        (
            *MASTERS,
            ("order", "rating", {"ascending": False, "nullsFirst": False}),
            ("order", "name"),
        ),
        rows="SELECT id FROM master ORDER BY rating DESC NULLS LAST, name",
    ),
    Case(
        "order, limit and range inside an embed",
        (
            ("from", "master"),
            ("select", "id, service(id)"),
            ("order", "price", {"ascending": False, "referencedTable": "service"}),
            ("range", 0, 1, {"referencedTable": "service"}),
            ("limit", 1, {"referencedTable": "service"}),
            ("order", "id"),
            ("limit", 1),
        ),
        data=[{"id": 1, "service": [{"id": 2}]}],
    ),
    Case("limit", (*MASTERS, ("order", "id"), ("limit", 2)), data=[{"id": 1}, {"id": 2}]),
)

SHAPES = (
    Case(
        "single",
        (("from", "master"), ("select",), ("eq", "id", 1), ("single",)),
        one="SELECT * FROM master WHERE id = 1",
    ),
    Case("maybe single, one row", (*MASTERS, ("eq", "id", 1), ("maybeSingle",)), data={"id": 1}),
    Case("maybe single, no row", (*MASTERS, ("eq", "id", 0), ("maybeSingle",)), data=None),
    Case(
        "maybe single, several rows",
        (*MASTERS, ("maybeSingle",)),
        data=None,
        error={
            "code": "PGRST116",
            "details": "Results contain 5 rows, application/vnd.pgrst.object+json requires 1 row",
            "hint": None,
            "message": "JSON object requested, multiple (or no) rows returned",
        },
        status=406,
        text="Not Acceptable",
    ),
    Case(
        "CSV",
        (("from", "service"), ("select", "id,title,minutes"), ("order", "id"), ("csv",)),
        data="id,title,minutes\n1,cut,30\n2,colour,90\n3,shave,\n4,manicure,45",
    ),
    Case(
        "nulls stripped",
        (("from", "master"), ("select", "id, rating"), ("eq", "id", 3), ("stripNulls",)),
        data=[{"id": 3}],
    ),
    Case(
        "nulls stripped from one",
        (*MASTERS[:1], ("select", "id, bio"), ("eq", "id", 4), ("single",), ("stripNulls",)),
        data={"id": 4},
    ),
    Case(
        "the plan in words",
        (*MASTERS, ("explain",)),
        check=lambda text: "Aggregate" in text and "on master" in text,
    ),
    Case(
        "the plan as JSON, with options",
        (*MASTERS, ("explain", {"format": "json", "verbose": True, "settings": True})),
        check=lambda plans: "Output" in plans[0]["Plan"],
    ),
    Case(
        "GeoJSON",
        (*MASTERS, ("lte", "id", 2), ("order", "id"), ("geojson",)),
        data={
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "geometry": None, "properties": {"id": 1}},
                {"type": "Feature", "geometry": None, "properties": {"id": 2}},
            ],
        },
    ),
    Case(
        "what the API offers",
        (("getOpenApiSpec",),),
        check=lambda spec: {"/master", "/booking", "/rpc/add"} <= set(spec["paths"]),
    ),
    Case(
        "what changes types only",
        (*MASTERS, ("eq", "id", 1), ("returns",), ("overrideTypes",)),
        data=[{"id": 1}],
    ),
    Case(
        "a header, no retry",
        (*MASTERS, ("eq", "id", 1), ("setHeader", "x-a", "b"), ("retry", False)),
        data=[{"id": 1}],
    ),
    Case(
        "a header that asks for a count",
        (*MASTERS, ("eq", "id", 1), ("setHeader", "prefer", "count=exact")),
        data=[{"id": 1}],
        count=1,
    ),
)

FILTERS = (
    _ids("eq", "name = 'Anna'", ("eq", "name", "Anna")),
    _ids("eq of text with everything", "id = 5", ("eq", "name", 'O\'Hara, "Q"')),
    _ids("neq", "name <> 'Anna'", ("neq", "name", "Anna")),
    _ids("gt", "rating > 4.1", ("gt", "rating", 4.1)),
    _ids("gte", "rating >= 4.1", ("gte", "rating", 4.1)),
    _ids("lt", "id < 3", ("lt", "id", 3)),
    _ids("lte", "id <= 3", ("lte", "id", 3)),
    _ids("like", "name LIKE '%nn%'", ("like", "name", "%nn%")),
    _ids("like all", "name LIKE '%a%' AND name LIKE '%s%'", ("likeAllOf", "name", ["%a%", "%s%"])),
    _ids("like any", "name LIKE 'A%' OR name LIKE 'B%'", ("likeAnyOf", "name", ["A%", "B%"])),
    _ids("ilike", "name ILIKE 'anna%'", ("ilike", "name", "anna%")),
    _ids(
        "ilike all", "name ILIKE '%A%' AND name ILIKE '%V%'", ("ilikeAllOf", "name", ["%A%", "%V%"])
    ),
    _ids(
        "ilike any", "name ILIKE 'anna' OR name ILIKE 'b%'", ("ilikeAnyOf", "name", ["anna", "b%"])
    ),
    _ids("regular expression", "name ~ '^A'", ("regexMatch", "name", "^A")),
    _ids("regular expression, any case", "name ~* '^a'", ("regexIMatch", "name", "^a")),
    _ids("is null", "rating IS NULL", ("is", "rating", None)),
    _ids("is false", "is_active IS FALSE", ("is", "is_active", False)),
    _ids("distinct from", "rating IS DISTINCT FROM 4.1", ("isDistinct", "rating", 4.1)),
    _ids("in", "name IN ('Anna', 'x(y)')", ("in", "name", ["Anna", "x(y)", "Anna"])),
    _ids("not in", "name NOT IN ('Anna', 'a,b')", ("notIn", "name", ["Anna", "a,b"])),
    _ids("contains, an array", "tags @> '{nails}'", ("contains", "tags", ["nails"])),
    _ids(
        "contains, an array whose comma splits an element",
        "tags @> '{hair,\" long\"}'",
        ("contains", "tags", ["hair, long"]),
    ),
    _ids(
        "contains, JSON",
        'profile @> \'{"city": {"id": 1}}\'',
        ("contains", "profile", {"city": {"id": 1}}),
    ),
    _ids("contains, a range", "shift @> '[10,11]'", ("contains", "shift", "[10,11]")),
    _ids(
        "contained by, an array",
        "tags <@ '{hair,nails,x}'",
        ("containedBy", "tags", ["hair", "nails", "x"]),
    ),
    _ids(
        "contained by, JSON",
        'profile <@ \'{"level": 1, "more": true}\'',
        ("containedBy", "profile", {"level": 1, "more": True}),
    ),
    _ids("contained by, a range", "shift <@ '[8,18)'", ("containedBy", "shift", "[8,18)")),
    _ids("overlaps, an array", "tags && '{beard,nails}'", ("overlaps", "tags", ["beard", "nails"])),
    _ids("overlaps, a range", "shift && '[12,14)'", ("overlaps", "shift", "[12,14)")),
    _ids("rangeGt", "shift >> '(9,13)'", ("rangeGt", "shift", "(9,13)")),
    _ids("rangeGte", "shift &> '(13,18)'", ("rangeGte", "shift", "(13,18)")),
    _ids("rangeLt", "shift << '(12,20)'", ("rangeLt", "shift", "(12,20)")),
    _ids("rangeLte", "shift &< '(9,18)'", ("rangeLte", "shift", "(9,18)")),
    _ids("rangeAdjacent", "shift -|- '(12,14)'", ("rangeAdjacent", "shift", "(12,14)")),
    _ids("text search", "search @@ to_tsquery('cat | dog')", ("textSearch", "search", "cat | dog")),
    _ids(
        "text search, plain words, a language",
        "search @@ plainto_tsquery('english', 'the cats')",
        ("textSearch", "search", "the cats", {"type": "plain", "config": "english"}),
    ),
    _ids(
        "text search, a phrase",
        "search @@ phraseto_tsquery('fat cat')",
        ("textSearch", "search", "fat cat", {"type": "phrase"}),
    ),
    _ids(
        "text search, as on the web, in a column of text",
        "to_tsvector('english', bio) @@ websearch_to_tsquery('english', '\"fat cat\" or dogs')",
        ("textSearch", "bio", '"fat cat" or dogs', {"type": "websearch", "config": "english"}),
    ),
    _ids("match", "id = 2", ("match", {"rating": 4.1, "is_active": False})),
    _ids("not", "NOT rating = 4.1", ("not", "rating", "eq", 4.1)),
    _ids("or", "id IN (1, 3)", ("or", "id.eq.1,and(id.gt.2,id.not.gte.4)")),
    _ids("filter", "rating >= 4", ("filter", "rating", "gte", 4)),
    _ids("two filters are both meant", "id > 1 AND id < 4", ("gt", "id", 1), ("lt", "id", 4)),
    Case(
        "or inside an embed",
        (
            ("from", "master"),
            ("select", "id, service(id)"),
            ("or", "title.eq.cut,title.eq.shave", {"referencedTable": "service"}),
            ("order", "id"),
            ("limit", 2),
        ),
        data=[{"id": 1, "service": [{"id": 1}]}, {"id": 2, "service": [{"id": 3}]}],
    ),
)

READS = (*SELECTS, *SHAPES)
