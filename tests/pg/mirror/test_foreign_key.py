"""Foreign keys: cyclic, deferred, on partitioned tables; at rest on the secondary, and back."""

from changeover.control.swap import Kind

CYCLE = (
    "CREATE TABLE public.teams (id int PRIMARY KEY, lead int)",
    (
        "CREATE TABLE public.people (id int PRIMARY KEY, team int NOT NULL REFERENCES public.teams"
        " DEFERRABLE INITIALLY DEFERRED, boss int REFERENCES public.people ON DELETE CASCADE)"
    ),
    (
        "ALTER TABLE public.teams ADD CONSTRAINT lead_fk FOREIGN KEY (lead)"
        " REFERENCES public.people"
        " ON DELETE RESTRICT DEFERRABLE"
    ),
)
PARTED = (
    "CREATE TABLE public.clients (id int PRIMARY KEY)",
    (
        "CREATE TABLE public.visits (id int, at date, client int, follows int, follows_at date,"
        " PRIMARY KEY (id, at), CONSTRAINT visits_client_fk FOREIGN KEY (client)"
        " REFERENCES public.clients ON DELETE CASCADE ON UPDATE CASCADE,"
        " CONSTRAINT visits_follows_fk FOREIGN KEY (follows, follows_at)"
        " REFERENCES public.visits (id, at)) PARTITION BY RANGE (at)"
    ),
    (
        "CREATE TABLE public.visits_2024 PARTITION OF public.visits FOR VALUES FROM ('2024-01-01')"
        " TO ('2025-01-01')"
    ),
    (
        "CREATE TABLE public.visits_2025 PARTITION OF public.visits FOR VALUES FROM ('2025-01-01')"
        " TO ('2026-01-01') PARTITION BY LIST (id)"
    ),
    "CREATE TABLE public.visits_2025_a PARTITION OF public.visits_2025 FOR VALUES IN (8, 9)",
    "CREATE TABLE public.visits_2025_b PARTITION OF public.visits_2025 DEFAULT",
    (
        "CREATE TABLE public.lines (id int PRIMARY KEY, visit int, at date,"
        " CONSTRAINT lines_visit_fk FOREIGN KEY (visit, at) REFERENCES public.visits"
        " ON DELETE CASCADE)"
    ),
)
FOREIGN_KEYS = (
    "SELECT conrelid::regclass::text, conname, convalidated, condeferrable, condeferred,"
    " pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"
    " AND connamespace = 'public'::regnamespace AND conparentid = 0 ORDER BY 1, 2"
)


def test_cyclic_and_self_referencing_foreign_keys(moving):
    """Rows that refer to each other and to themselves arrive in one round, and leave in one."""
    scene = moving(*CYCLE)
    scene.write_together(
        "INSERT INTO people VALUES (1, 1, NULL), (2, 1, 1), (3, 2, 2), (4, 2, 4)",
        "INSERT INTO teams VALUES (1, 2), (2, 4)",
    )
    scene.carry()
    assert scene.require_same("people", "teams") == 6
    scene.write_together(
        "SET CONSTRAINTS ALL DEFERRED",
        "DELETE FROM teams WHERE id = 2",
        "UPDATE teams SET lead = 4",
        "DELETE FROM people WHERE id = 2",
        "UPDATE people SET team = 1",
    )
    scene.carry()
    assert scene.require_same("people", "teams") == 3


def test_foreign_keys_come_back_as_they_were(pair_with, scene, rows):
    """Taken off while a side is secondary, foreign keys are back, the same and valid, after swaps.

    The source (16) has a partitioned table, which takes them back leaf by leaf.
    """
    one = scene(pair_with(createrole=False, replication_role_grant=False), *CYCLE, *PARTED)
    before = rows(one.pair.source, FOREIGN_KEYS)
    assert len(before) == 6
    assert rows(one.pair.target, FOREIGN_KEYS) == []
    one.write_together(
        "INSERT INTO clients SELECT generate_series(1, 4)",
        "INSERT INTO visits SELECT g, date '2024-06-01' + g * 30, 1 + g % 4"
        " FROM generate_series(1, 12) g",
        "UPDATE visits SET follows = 1, follows_at = '2024-07-01' WHERE id > 6",
        "INSERT INTO lines SELECT g, id, at FROM visits, generate_series(id * 10, id * 10 + 2) g",
    )
    one.carry()
    assert one.swap(Kind.CUTOVER).unvalidated == ()
    assert rows(one.pair.target, FOREIGN_KEYS) == before
    assert rows(one.pair.source, FOREIGN_KEYS) == []
    one.write("DELETE FROM clients WHERE id = 3", "UPDATE clients SET id = 40 WHERE id = 4")
    one.carry()
    assert one.require_same("clients", "visits", "lines") == 3 + 9 + 27
    assert one.swap(Kind.ROLLBACK).unvalidated == ()
    assert rows(one.pair.source, FOREIGN_KEYS) == before
    leaves = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND NOT convalidated"
    leaves += " AND conrelid <> 'public.lines'::regclass"
    assert rows(one.pair.source, leaves) == [(0,)]
    one.write("DELETE FROM clients WHERE id = 40")
    one.carry()
    assert one.require_same("clients", "visits", "lines") == 2 + 6 + 18
    one.swap(Kind.CUTOVER)
    assert rows(one.pair.target, FOREIGN_KEYS) == before


def test_orphans_leave_a_foreign_key_not_valid(pair_with, scene, rows):
    """A foreign key whose rows were orphans before stays NOT VALID, is named, and acts."""
    one = scene(
        pair_with(createrole=False, replication_role_grant=False),
        "CREATE TABLE public.p (id int PRIMARY KEY)",
        "CREATE TABLE public.q (id int PRIMARY KEY, p int)",
        "INSERT INTO public.q VALUES (1, 99)",
        "ALTER TABLE public.q ADD CONSTRAINT q_fk FOREIGN KEY (p) REFERENCES public.p NOT VALID",
        target_statements=[
            "CREATE TABLE public.p (id int PRIMARY KEY)",
            "CREATE TABLE public.q (id int PRIMARY KEY, p int CONSTRAINT q_fk REFERENCES public.p)",
        ],
    )
    one.write("UPDATE q SET id = 2")
    one.carry()
    assert one.swap(Kind.CUTOVER).unvalidated == ("public.q: q_fk",)
    assert [row[2] for row in rows(one.pair.target, FOREIGN_KEYS)] == [False]
    assert one.swap(Kind.ROLLBACK).unvalidated == ()
    assert [row[2] for row in rows(one.pair.source, FOREIGN_KEYS)] == [False]
    one.write("DELETE FROM q")
    one.carry()
    assert one.swap(Kind.CUTOVER).unvalidated == ()
    assert [row[2] for row in rows(one.pair.target, FOREIGN_KEYS)] == [True]
