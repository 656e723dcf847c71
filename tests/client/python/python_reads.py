"""Reads: selecting, embedding, ordering, windows, counts and shapes of the answer."""

import warnings

from python_case import NOTHING, ApiFailure, Case


def _from_table(client):
    with warnings.catch_warnings():
        # The library has deprecated it, and still has it.
        warnings.simplefilter("ignore", DeprecationWarning)
        return client.postgrest.from_table("master").select("id").order("id")


SEVERAL = ApiFailure(
    code="406",
    message="Cannot coerce the result to a single JSON object",
    details="The result contains more than one row.",
    hint="Please check traceback of the code",
)

SELECTS = (
    Case(
        "columns",
        lambda c: c.table("master").select("id", "name").order("id"),
        rows="SELECT id, name FROM master ORDER BY id",
    ),
    Case(
        "everything",
        lambda c: c.from_("master").select("*").order("id"),
        rows="SELECT * FROM master ORDER BY id",
    ),
    Case(
        "no columns are all columns",
        lambda c: c.from_("service").select().order("id"),
        rows="SELECT * FROM service ORDER BY id",
    ),
    Case("the old alias", _from_table, rows="SELECT id FROM master ORDER BY id"),
    Case(
        "the sub-client itself",
        lambda c: c.postgrest.table("master").select("id").order("id"),
        rows="SELECT id FROM master ORDER BY id",
    ),
    Case(
        "another schema",
        lambda c: c.schema("archive").from_("booking").select("*").order("id"),
        rows="SELECT * FROM archive.booking ORDER BY id",
    ),
    Case(
        "another schema of the sub-client",
        lambda c: c.postgrest.schema("archive").table("booking").select("*").order("id"),
        rows="SELECT * FROM archive.booking ORDER BY id",
    ),
    Case(
        "an alias, a cast and a path into JSON",
        lambda c: (
            c.table("master")
            .select("called:name", "rating::text", "profile->city->id", "level:profile->>level")
            .order("id")
        ),
        rows="""SELECT name AS called, rating::text, profile->'city'->'id' AS id,
                  profile->>'level' AS level FROM master ORDER BY master.id""",
    ),
    Case(
        "an embed to many",
        lambda c: c.table("master").select("name, service(title, price)").order("id"),
        rows="""SELECT name, coalesce((SELECT json_agg(json_build_object(
                  'title', title, 'price', price)) FROM service WHERE master_id = m.id), '[]')
                  AS service FROM master m ORDER BY id""",
    ),
    Case(
        "embeds to one, two levels up",
        lambda c: c.table("booking").select("id, service(title, master(name))").order("id"),
        rows="""SELECT b.id, json_build_object('title', title,
                  'master', json_build_object('name', name)) AS service
                FROM booking b JOIN service s ON s.id = service_id
                  JOIN master m ON m.id = master_id ORDER BY b.id""",
    ),
    Case(
        "an inner embed drops parents",
        lambda c: c.table("master").select("name, service!inner(title)").eq("service.title", "cut"),
        data=[{"name": "Anna", "service": [{"title": "cut"}]}],
    ),
    Case(
        "a spread embed",
        lambda c: c.table("service").select("title, ...master(name)").order("id"),
        rows="SELECT title, name FROM service s JOIN master m ON m.id = master_id ORDER BY s.id",
    ),
    Case(
        "an aggregate",
        lambda c: c.table("service").select("master_id, price.sum()").order("master_id"),
        rows="SELECT master_id, sum(price) FROM service GROUP BY master_id ORDER BY master_id",
    ),
)

ORDERS = (
    Case(
        "descending, nulls where asked",
        lambda c: (
            c.table("master")
            .select("id")
            .order("rating", desc=True, nullsfirst=False)
            .order("name")
        ),
        rows="SELECT id FROM master ORDER BY rating DESC NULLS LAST, name",
    ),
    Case(
        "nulls first",
        lambda c: c.table("master").select("id").order("rating", nullsfirst=True).order("id"),
        rows="SELECT id FROM master ORDER BY rating NULLS FIRST, id",
    ),
    Case(
        "inside an embed",
        lambda c: (
            c.table("master")
            .select("id, service(id)")
            .eq("id", 1)
            .order("price", desc=True, foreign_table="service")
        ),
        data=[{"id": 1, "service": [{"id": 2}, {"id": 1}]}],
    ),
    Case(
        "limit",
        lambda c: c.table("master").select("id").order("id").limit(2),
        data=[{"id": 1}, {"id": 2}],
    ),
    Case(
        "limit inside an embed",
        lambda c: (
            c.table("master")
            .select("id, service(id)")
            .eq("id", 1)
            .order("id", foreign_table="service")
            .limit(1, foreign_table="service")
        ),
        data=[{"id": 1, "service": [{"id": 1}]}],
    ),
    Case(
        "offset",
        lambda c: c.table("master").select("id").order("id").offset(3),
        data=[{"id": 4}, {"id": 5}],
    ),
    Case(
        "range",
        lambda c: c.table("master").select("id").order("id").range(1, 2),
        data=[{"id": 2}, {"id": 3}],
    ),
    Case(
        "range inside an embed",
        lambda c: (
            c.table("master")
            .select("id, service(id)")
            .eq("id", 1)
            .order("id", foreign_table="service")
            .range(1, 1, foreign_table="service")
        ),
        data=[{"id": 1, "service": [{"id": 2}]}],
    ),
)

COUNTS = (
    Case(
        "exact beside a page",
        lambda c: c.table("master").select("id", count="exact").order("id").limit(2),
        data=[{"id": 1}, {"id": 2}],
        count="SELECT count(*)::int FROM master",
    ),
    Case(
        "planned",
        lambda c: c.table("master").select("id", count="planned").order("id").limit(1),
        data=[{"id": 1}],
        count="EXPLAIN (FORMAT JSON) SELECT 1 FROM master",
    ),
    Case(
        "estimated",
        lambda c: c.table("master").select("id", count="estimated").order("id").limit(1),
        data=[{"id": 1}],
        count="SELECT count(*)::int FROM master",
    ),
    Case(
        "the count alone",
        lambda c: c.table("master").select("*", count="exact", head=True).gt("id", 2),
        data=[],
        count="SELECT count(*)::int FROM master WHERE id > 2",
    ),
)

SHAPES = (
    Case(
        "single",
        lambda c: c.table("master").select("*").eq("id", 1).single(),
        one="SELECT * FROM master WHERE id = 1",
    ),
    Case(
        "maybe single, one row",
        lambda c: c.table("master").select("id").eq("id", 1).maybe_single(),
        data={"id": 1},
    ),
    Case(
        "maybe single, no row",
        lambda c: c.table("master").select("id").eq("id", 0).maybe_single(),
        data=NOTHING,
    ),
    Case(
        "maybe single, several rows",
        lambda c: c.table("master").select("id").maybe_single(),
        failure=SEVERAL,
    ),
    Case(
        "CSV",
        lambda c: c.table("master").select("id", "name", "rating").order("id").csv(),
        value="""SELECT to_json('id,name,rating' || string_agg(E'\\n' || id || ','
                   || CASE WHEN name ~ '[",]' THEN '"' || replace(name, '"', '""') || '"'
                           ELSE name END || ',' || coalesce(rating::text, ''), '' ORDER BY id))
                 ::text FROM master""",
    ),
    Case(
        "nulls stripped",
        lambda c: c.table("master").select("id", "rating", "profile").order("id").strip_nulls(),
        rows="""SELECT json_strip_nulls(json_build_object(
                  'id', id, 'rating', rating, 'profile', profile)) AS r FROM master ORDER BY id""",
    ),
    Case(
        "nulls stripped from one",
        lambda c: c.table("master").select("id", "rating").eq("id", 3).strip_nulls().single(),
        data={"id": 3},
    ),
    Case(
        "the plan in words",
        lambda c: c.table("master").select("id").eq("id", 1).explain(),
        check=lambda text: "Aggregate" in text and "on master" in text and "cost=" in text,
    ),
    Case(
        "the plan as JSON, with options",
        lambda c: (
            c.table("master").select("id").explain(verbose=True, settings=True, format="json")
        ),
        check=lambda plans: "Output" in plans[0]["Plan"],
    ),
    Case(
        "retries chosen for rows",
        lambda c: c.table("master").select("id").eq("id", 1).retry(enabled=False),
        data=[{"id": 1}],
    ),
    Case(
        "retries chosen for one",
        lambda c: c.table("master").select("id").eq("id", 1).single().retry(enabled=False),
        data={"id": 1},
    ),
    Case(
        "retries chosen for at most one",
        lambda c: c.table("master").select("id").eq("id", 1).maybe_single().retry(enabled=False),
        data={"id": 1},
    ),
    Case(
        "retries chosen for a plan",
        lambda c: c.table("master").select("id").explain().retry(enabled=False),
        check=lambda text: "on master" in text,
    ),
)

READS = (*SELECTS, *ORDERS, *COUNTS, *SHAPES)
