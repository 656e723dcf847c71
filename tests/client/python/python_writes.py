"""Writes: what comes back, and what stands in the tables afterwards."""

from dataclasses import replace
from datetime import date, time
from uuid import UUID

from postgrest.types import ReturnMethod
from python_case import ApiFailure, Case

BOOKINGS = "SELECT json_agg(client ORDER BY id) FROM booking"
SEATS = "SELECT json_agg(seat ORDER BY id) FROM booking"

INSERTS = (
    Case(
        "one row",
        lambda c: c.table("booking").insert({"client": "dora", "service_id": 4}),
        data=[
            {"id": 5, "client": "dora", "service_id": 4, "seat": 7, "state": "new", "note": None}
        ],
        after={"SELECT seat FROM booking WHERE client = 'dora'": 7},
    ),
    Case(
        "several rows, unlike keys become NULL",
        lambda c: c.table("booking").insert(
            [{"client": "d", "service_id": 4}, {"client": "e", "service_id": 4, "seat": 9}]
        ),
        data=[
            {"id": 5, "client": "d", "service_id": 4, "seat": None, "state": "new", "note": None},
            {"id": 6, "client": "e", "service_id": 4, "seat": 9, "state": "new", "note": None},
        ],
        after={SEATS: [1, 2, 3, None, None, 9]},
    ),
    Case(
        "several rows, unlike keys become the default",
        lambda c: (
            c.table("booking")
            .insert(
                [{"client": "d", "service_id": 4}, {"client": "e", "service_id": 4, "seat": 9}],
                default_to_null=False,
            )
            .select("id", "seat")
        ),
        data=[{"id": 5, "seat": 7}, {"id": 6, "seat": 9}],
        after={SEATS: [1, 2, 3, None, 7, 9]},
    ),
    Case(
        "nothing comes back",
        lambda c: c.table("booking").insert(
            {"client": "d", "service_id": 4}, returning=ReturnMethod.minimal
        ),
        data=[],
        after={BOOKINGS: ["ada", "bob", "ada", "cleo", "d"]},
    ),
    Case(
        "a count comes back",
        lambda c: (
            c.table("booking")
            .insert(
                [{"client": "d", "service_id": 4}, {"client": "e", "service_id": 4}], count="exact"
            )
            .select("client")
        ),
        data=[{"client": "d"}, {"client": "e"}],
        count=2,
    ),
    Case(
        "no row at all",
        lambda c: c.table("booking").insert([]),
        data=[],
        after={"SELECT count(*) FROM booking": 4},
    ),
    Case(
        "an embed comes back",
        lambda c: (
            c.table("booking")
            .insert({"client": "d", "service_id": 4})
            .select("client", "service(title, master(name))")
        ),
        data=[{"client": "d", "service": {"title": "manicure", "master": {"name": "anna-lisa"}}}],
    ),
    Case(
        "insert that may update",
        lambda c: (
            c.table("booking")
            .insert({"id": 1, "client": "ada", "service_id": 1, "seat": 8}, upsert=True)
            .select("id", "seat")
        ),
        data=[{"id": 1, "seat": 8}],
        after={SEATS: [8, 2, 3, None]},
    ),
    Case(
        "one row comes back as an object",
        lambda c: (
            c.table("booking").insert({"client": "d", "service_id": 4}).select("client").single()
        ),
        data={"client": "d"},
    ),
    Case(
        "values of Python's types",
        lambda c: (
            c.table("master")
            .insert(
                {
                    "name": UUID(int=7),
                    "bio": date(2024, 1, 2),
                    "profile": {"at": time(3, 4), "raw": b"\xde\xad", "no": None},
                    "tags": ["a,b", 'c"d', "", None],
                }
            )
            .select("name", "bio", "profile", "tags")
        ),
        data=[
            {
                "name": "00000000-0000-0000-0000-000000000007",
                "bio": "2024-01-02",
                "profile": {"at": "03:04:00", "no": None, "raw": "\\xdead"},
                "tags": ["a,b", 'c"d', "", None],
            }
        ],
    ),
    Case(
        "text that looks like SQL",
        lambda c: (
            c.table("booking")
            .insert({"client": "'); DROP TABLE booking; -- $1 %s", "service_id": 4, "note": "\\"})
            .select("client", "note")
        ),
        data=[{"client": "'); DROP TABLE booking; -- $1 %s", "note": "\\"}],
        after={"SELECT count(*) FROM booking": 5},
    ),
    Case(
        "another schema",
        lambda c: c.schema("archive").table("booking").insert({"id": 3, "client": "old cleo"}),
        data=[{"id": 3, "client": "old cleo"}],
        after={"SELECT count(*) FROM archive.booking": 3},
    ),
)

UPSERTS = (
    Case(
        "by the primary key",
        lambda c: (
            c.table("booking")
            .upsert({"id": 2, "client": "bob", "service_id": 1, "seat": 5})
            .select("id", "seat", "note")
        ),
        data=[{"id": 2, "seat": 5, "note": "late"}],
        after={SEATS: [1, 5, 3, None]},
    ),
    Case(
        "by other columns, several rows",
        lambda c: (
            c.table("booking")
            .upsert(
                [
                    {"client": "ada", "service_id": 1, "seat": 11},
                    {"client": "zoe", "service_id": 1, "seat": 12},
                ],
                on_conflict="client,service_id",
                count="exact",
            )
            .select("client", "seat")
        ),
        data=[{"client": "ada", "seat": 11}, {"client": "zoe", "seat": 12}],
        count=2,
        after={BOOKINGS: ["ada", "bob", "ada", "cleo", "zoe"]},
    ),
    Case(
        "duplicates left as they are",
        lambda c: (
            c.table("booking")
            .upsert(
                [
                    {"client": "ada", "service_id": 1, "seat": 11},
                    {"client": "zoe", "service_id": 1, "seat": 12},
                ],
                on_conflict="client,service_id",
                ignore_duplicates=True,
            )
            .select("client", "seat")
        ),
        data=[{"client": "zoe", "seat": 12}],
        after={"SELECT seat FROM booking WHERE id = 1": 1},
    ),
    Case(
        "missing values become the default",
        lambda c: (
            c.table("booking")
            .upsert(
                [
                    {"id": 20, "client": "y", "service_id": 1},
                    {"id": 21, "client": "z", "service_id": 1, "seat": 1},
                ],
                default_to_null=False,
            )
            .select("id", "seat")
        ),
        data=[{"id": 20, "seat": 7}, {"id": 21, "seat": 1}],
    ),
    Case(
        "nothing comes back",
        lambda c: c.table("booking").upsert(
            {"id": 1, "client": "eve", "service_id": 1}, returning=ReturnMethod.minimal
        ),
        data=[],
        after={BOOKINGS: ["eve", "bob", "ada", "cleo"]},
    ),
)

UPDATES = (
    Case(
        "filtered rows",
        lambda c: (
            c.table("booking")
            .update({"note": "seen"})
            .eq("client", "ada")
            .order("id")
            .select("id", "note")
        ),
        data=[{"id": 1, "note": "seen"}, {"id": 3, "note": "seen"}],
        after={"SELECT json_agg(note ORDER BY id) FROM booking": ["seen", "late", "seen", None]},
    ),
    Case(
        "a count, and nothing comes back",
        lambda c: (
            c.table("booking")
            .update({"seat": 1}, count="exact", returning=ReturnMethod.minimal)
            .gt("id", 2)
        ),
        data=[],
        count=2,
        after={SEATS: [1, 2, 1, 1]},
    ),
    Case(
        "no row matches",
        lambda c: c.table("booking").update({"seat": 1}).eq("id", 99),
        data=[],
    ),
    Case(
        "at most so many",
        lambda c: (
            c.table("booking")
            .update({"seat": 1})
            .eq("client", "ada")
            .max_affected(2)
            .select("id")
            .order("id")
        ),
        data=[{"id": 1}, {"id": 3}],
    ),
    Case(
        "more than allowed: nothing is changed",
        lambda c: c.table("booking").update({"seat": 50}).eq("client", "ada").max_affected(1),
        failure=ApiFailure(
            code="PGRST124",
            message="Query result exceeds max-affected preference constraint",
            details="The query affects 2 rows",
        ),
        after={SEATS: [1, 2, 3, None]},
    ),
    Case(
        "one row or none: nothing is changed",
        lambda c: c.table("booking").update({"seat": 50}).eq("client", "ada").single(),
        failure=ApiFailure(
            code="PGRST116",
            message="Cannot coerce the result to a single JSON object",
            details="The result contains 2 rows",
        ),
        after={SEATS: [1, 2, 3, None]},
    ),
)

DELETES = (
    Case(
        "filtered rows",
        lambda c: c.table("booking").delete().eq("client", "ada").order("id").select("id"),
        data=[{"id": 1}, {"id": 3}],
        after={BOOKINGS: ["bob", "cleo"]},
    ),
    Case(
        "a count, and nothing comes back",
        lambda c: (
            c.table("booking")
            .delete(count="exact", returning=ReturnMethod.minimal)
            .in_("id", [1, 2, 99])
        ),
        data=[],
        count=2,
        after={BOOKINGS: ["ada", "cleo"]},
    ),
    Case(
        "more than allowed: nothing is deleted",
        lambda c: c.table("booking").delete().gt("id", 0).max_affected(3),
        failure=ApiFailure(
            code="PGRST124",
            message="Query result exceeds max-affected preference constraint",
            details="The query affects 4 rows",
        ),
        after={"SELECT count(*) FROM booking": 4},
    ),
)

WRITES = tuple(
    replace(case, name=f"{kind}: {case.name}")
    for kind, cases in (
        ("insert", INSERTS),
        ("upsert", UPSERTS),
        ("update", UPDATES),
        ("delete", DELETES),
    )
    for case in cases
)
