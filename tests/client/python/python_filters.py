"""Every filter of the builders, each against SQL written by hand."""

from python_case import Case


def _ids(name, narrow, where):
    """Return a case whose rows are the masters that a condition finds."""
    return Case(
        name,
        lambda client: narrow(client.table("master").select("id")).order("id"),
        rows=f"SELECT id FROM master WHERE {where} ORDER BY id",
    )


COMPARISONS = (
    _ids("eq", lambda q: q.eq("name", "Anna"), "name = 'Anna'"),
    _ids("eq of a bool", lambda q: q.eq("is_active", True), "is_active"),
    _ids("eq of text with everything", lambda q: q.eq("name", 'O\'Hara, "Q"'), "id = 5"),
    _ids("neq", lambda q: q.neq("name", "Anna"), "name <> 'Anna'"),
    _ids("gt", lambda q: q.gt("rating", 4.1), "rating > 4.1"),
    _ids("gte", lambda q: q.gte("rating", 4.1), "rating >= 4.1"),
    _ids("lt", lambda q: q.lt("id", 3), "id < 3"),
    _ids("lte", lambda q: q.lte("id", 3), "id <= 3"),
    _ids("is null", lambda q: q.is_("rating", None), "rating IS NULL"),
    _ids("is true", lambda q: q.is_("is_active", True), "is_active IS TRUE"),
    _ids("is false", lambda q: q.is_("is_active", False), "is_active IS FALSE"),
    _ids("in", lambda q: q.in_("name", ["Anna", 'O\'Hara, "Q"', "x(y)"]), "id IN (1, 5)"),
    _ids("in of nothing", lambda q: q.in_("id", []), "false"),
    _ids("match", lambda q: q.match({"rating": 4.1, "is_active": False}), "id = 2"),
    _ids("filter", lambda q: q.filter("rating", "gte", "4"), "rating >= 4"),
    _ids("filter a path", lambda q: q.filter("profile->city->>id", "eq", "2"), "id = 4"),
    _ids("a regular expression", lambda q: q.filter("name", "match", "^A"), "name ~ '^A'"),
    _ids(
        "distinct from",
        lambda q: q.filter("rating", "isdistinct", "4.1"),
        "rating IS DISTINCT FROM 4.1",
    ),
)

PATTERNS = (
    _ids("like", lambda q: q.like("name", "%nn%"), "name LIKE '%nn%'"),
    _ids("like with stars", lambda q: q.like("name", "A*"), "name LIKE 'A%'"),
    _ids("ilike", lambda q: q.ilike("name", "anna%"), "name ILIKE 'anna%'"),
    _ids(
        "like all",
        lambda q: q.like_all_of("name", "%a%,%s%"),
        "name LIKE '%a%' AND name LIKE '%s%'",
    ),
    _ids("like any", lambda q: q.like_any_of("name", "A%,B%"), "name LIKE 'A%' OR name LIKE 'B%'"),
    _ids(
        "ilike all",
        lambda q: q.ilike_all_of("name", "%A%,%V%"),
        "name ILIKE '%A%' AND name ILIKE '%V%'",
    ),
    _ids(
        "ilike any",
        lambda q: q.ilike_any_of("name", "anna,b%"),
        "name ILIKE 'anna' OR name ILIKE 'b%'",
    ),
)

SEARCHES = (
    _ids("fts", lambda q: q.fts("search", "cat & !king"), "search @@ to_tsquery('cat & !king')"),
    _ids("plfts", lambda q: q.plfts("search", "fat cats"), "search @@ plainto_tsquery('fat cats')"),
    _ids("phfts", lambda q: q.phfts("search", "fat cat"), "search @@ phraseto_tsquery('fat cat')"),
    _ids(
        "wfts",
        lambda q: q.wfts("search", "cat -king"),
        "search @@ websearch_to_tsquery('cat -king')",
    ),
    _ids(
        "text search",
        lambda q: q.text_search("search", "cat | dog"),
        "search @@ to_tsquery('cat | dog')",
    ),
    _ids(
        "text search, plain words, a language",
        lambda q: q.text_search("search", "the cats", {"type": "plain", "config": "english"}),
        "search @@ plainto_tsquery('english', 'the cats')",
    ),
    _ids(
        "text search, a phrase",
        lambda q: q.text_search("search", "fat cat", {"type": "phrase"}),
        "search @@ phraseto_tsquery('fat cat')",
    ),
    _ids(
        "text search, as on the web, in a column of text",
        lambda q: q.text_search(
            "bio", '"fat cat" or dogs', {"type": "web_search", "config": "english"}
        ),
        "to_tsvector('english', bio) @@ websearch_to_tsquery('english', '\"fat cat\" or dogs')",
    ),
)

CONTAINMENT = (
    _ids("contains, an array", lambda q: q.contains("tags", ["nails"]), "tags @> '{nails}'"),
    _ids(
        "contains, an element with a comma",
        lambda q: q.contains("tags", ["hair, long"]),
        "tags @> '{\"hair, long\"}'",
    ),
    _ids(
        "contains, JSON",
        lambda q: q.contains("profile", {"city": {"id": 1}}),
        'profile @> \'{"city": {"id": 1}}\'',
    ),
    _ids("contains, a range", lambda q: q.contains("shift", "[10,11]"), "shift @> '[10,11]'"),
    _ids("cs", lambda q: q.cs("tags", ["nails", "hair"]), "tags @> '{nails,hair}'"),
    _ids(
        "contained by, an array",
        lambda q: q.contained_by("tags", ["hair", "nails", "x"]),
        "tags <@ '{hair,nails,x}'",
    ),
    _ids(
        "contained by, JSON",
        lambda q: q.contained_by("profile", {"level": 1, "more": True}),
        'profile <@ \'{"level": 1, "more": true}\'',
    ),
    _ids("contained by, a range", lambda q: q.contained_by("shift", "[8,18)"), "shift <@ '[8,18)'"),
    _ids("cd", lambda q: q.cd("tags", ["nails", "NULL"]), "tags <@ '{nails,\"NULL\"}'"),
    _ids("overlaps", lambda q: q.overlaps("tags", ["beard", 'a"b']), 'tags && \'{beard,"a\\"b"}\''),
    _ids("ov, a range", lambda q: q.ov("shift", "[12,14)"), "shift && '[12,14)'"),
    _ids("ov, quoted elements", lambda q: q.ov("tags", ["c\\d", ""]), 'tags && \'{"c\\\\d",""}\''),
)

RANGES = (
    _ids("range_gt", lambda q: q.range_gt("shift", (9, 13)), "shift >> '(9,13)'"),
    _ids("range_gte", lambda q: q.range_gte("shift", (13, 18)), "shift &> '(13,18)'"),
    _ids("range_lt", lambda q: q.range_lt("shift", (12, 20)), "shift << '(12,20)'"),
    _ids("range_lte", lambda q: q.range_lte("shift", (9, 18)), "shift &< '(9,18)'"),
    _ids("range_adjacent", lambda q: q.range_adjacent("shift", (12, 14)), "shift -|- '(12,14)'"),
    _ids("sl", lambda q: q.sl("shift", (12, 20)), "shift << '(12,20)'"),
    _ids("sr", lambda q: q.sr("shift", (9, 12)), "shift >> '(9,12)'"),
    _ids("nxl", lambda q: q.nxl("shift", (12, 20)), "shift &> '(12,20)'"),
    _ids("nxr", lambda q: q.nxr("shift", (9, 14)), "shift &< '(9,14)'"),
    _ids("adj", lambda q: q.adj("shift", (7, 9)), "shift -|- '(7,9)'"),
)

LOGIC = (
    _ids("not", lambda q: q.not_.eq("rating", 4.1), "NOT rating = 4.1"),
    _ids("not null", lambda q: q.not_.is_("rating", None), "rating IS NOT NULL"),
    _ids("not in", lambda q: q.not_.in_("id", [1, 2]), "id NOT IN (1, 2)"),
    _ids("two filters are both meant", lambda q: q.gt("id", 1).lt("id", 4), "id > 1 AND id < 4"),
    _ids("or", lambda q: q.or_('id.eq.1,name.eq."O\'Hara, \\"Q\\""'), "id IN (1, 5)"),
    _ids("or of and", lambda q: q.or_("id.eq.1,and(id.gt.2,id.not.gte.4)"), "id IN (1, 3)"),
    _ids("not or", lambda q: q.not_.or_("id.eq.1,id.eq.2"), "NOT (id = 1 OR id = 2)"),
    Case(
        "or inside an embed",
        lambda c: (
            c.table("master")
            .select("id, service(id)")
            .order("id")
            .limit(2)
            .or_("title.eq.cut,title.eq.shave", reference_table="service")
        ),
        data=[{"id": 1, "service": [{"id": 1}]}, {"id": 2, "service": [{"id": 3}]}],
    ),
    Case(
        "not or inside an embed",
        lambda c: (
            c.table("master")
            .select("id, service(id)")
            .order("id")
            .limit(2)
            .not_.or_("title.eq.cut,title.eq.shave", reference_table="service")
        ),
        data=[{"id": 1, "service": [{"id": 2}]}, {"id": 2, "service": []}],
    ),
    Case(
        "a filter inside an embed",
        lambda c: c.table("master").select("id, service(id)").eq("id", 1).gt("service.price", 50),
        data=[{"id": 1, "service": [{"id": 2}]}],
    ),
    Case(
        "masters without a service",
        lambda c: c.table("master").select("id, service()").is_("service", None).order("id"),
        rows="""SELECT id FROM master m WHERE NOT EXISTS
                (SELECT FROM service WHERE master_id = m.id) ORDER BY id""",
    ),
)

FILTERS = (*COMPARISONS, *PATTERNS, *SEARCHES, *CONTAINMENT, *RANGES, *LOGIC)
