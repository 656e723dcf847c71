"""What is asserted after each fault: hand-written SQL and the writers' ledgers, nothing of ours."""

import json
from collections import Counter
from dataclasses import dataclass

import psycopg

from salon.demo import ledger
from salon.demo.ledger import Outcome

TABLES = {
    "public.ledger_write": "id",
    "public.twin_a": "writer",
    "public.twin_b": "writer",
    "public.tally": "writer",
    "public.seat": "id",
    "public.parent": "id",
    "public.child": "id",
}
FENCE_REFUSED = "P0004"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a judgement counted, for the report."""

    acknowledged: int
    unknown: int
    unknown_present: int
    failed: int
    looks: int


def accepts(session):
    """Return whether a side lets an application write pass; nothing is written."""
    try:
        session.execute("UPDATE public.twin_a SET n = n WHERE false")
    except psycopg.Error as error:
        if error.sqlstate != FENCE_REFUSED:
            raise
        return False
    return True


def column(session, query, *values):
    """Return the rows of a query, or the values where it has one column."""
    rows = session.execute(query, values).fetchall()
    return [row[0] if len(row) == 1 else row for row in rows]


def assert_one_authority(source, target):
    """Exactly one side accepts writes, and it is the one that the control row names."""
    (primary,) = column(target, "SELECT primary_side FROM changeover.control")
    found = {"source": accepts(source), "target": accepts(target)}
    assert found == {"source": primary == "source", "target": primary == "target"}, found
    assert column(target, "SELECT count(*) FROM changeover.swap WHERE finished_at IS NULL") == [0]


def assert_equal(source, target):
    """Both sides hold the same rows, as text."""
    for table in TABLES:
        query = f"SELECT t::text FROM {table} AS t"
        here, there = (Counter(column(one, query)) for one in (source, target))
        assert here == there, (
            table,
            "only source",
            sorted((here - there).items())[:5],
            "only target",
            sorted((there - here).items())[:5],
        )


def assert_invariants(session, side):
    """What one transaction changes together is together, on a side alone."""
    questions = {
        "twins apart": "SELECT a.writer FROM public.twin_a AS a FULL JOIN public.twin_b AS b"
        " USING (writer) WHERE a.n IS DISTINCT FROM b.n",
        "effects that are not one per write": "SELECT a.writer FROM public.twin_a AS a"
        " WHERE a.writer > 0 AND a.n <> (SELECT count(*) FROM public.ledger_write AS w"
        " WHERE w.writer = a.writer)",
        "shared effects": "SELECT a.n FROM public.twin_a AS a WHERE a.writer = 0"
        " AND a.n <> (SELECT count(*) FROM public.ledger_write AS w WHERE mod(w.number, 5) = 0)",
        "triggers fired other than once": "SELECT t.writer FROM public.tally AS t"
        " WHERE t.n <> (SELECT count(*) FROM public.ledger_write AS w"
        " WHERE w.writer = t.writer)",
        "orphans": "SELECT c.id FROM public.child AS c"
        " WHERE NOT EXISTS (SELECT FROM public.parent AS p WHERE p.id = c.parent)",
        "childless": "SELECT p.id FROM public.parent AS p WHERE 2 <> (SELECT count(*)"
        " FROM public.child AS c WHERE c.parent = p.id)",
        "places lost or doubled": "SELECT s.writer FROM public.seat AS s WHERE s.is_kept"
        " GROUP BY s.writer HAVING array_agg(s.place ORDER BY s.place)"
        " <> ARRAY[s.writer * 10, s.writer * 10 + 1]",
    }
    for name, query in questions.items():
        assert column(session, query) == [], (side, name)


def assert_balanced(source, target):
    """Every batch is booked on both sides with one count, or is carried again by one that is."""
    for direction, primary, secondary in (
        ("forward", source, target),
        ("reverse", target, source),
    ):
        applied = {
            row[0]: row[1:]
            for row in secondary.execute(
                "SELECT batch_id, keys_read, keys_applied, repeats, by_table"
                " FROM changeover.applied WHERE direction = %s",
                (direction,),
            ).fetchall()
        }
        removed = dict(
            primary.execute(
                "SELECT batch_id, keys_read FROM changeover.removed WHERE direction = %s",
                (direction,),
            ).fetchall()
        )
        heirs = {repeats: batch for batch, (_, _, repeats, _) in applied.items() if repeats}
        for batch, (read, done, _, by_table) in applied.items():
            assert read == done == removed.get(batch, read), (direction, batch, read, done)
            if batch in removed:
                continue
            assert batch in heirs, (direction, batch, "open")
            again = applied[heirs[batch]][3]
            for table, (keys, _) in by_table.items():
                # The log still held these keys, so the repetition must have read them all.
                assert again.get(table, [0])[0] >= keys, (direction, batch, by_table, again)
        oldest = min(applied, default=0)
        assert {batch for batch in removed if batch >= oldest} <= applied.keys(), direction


def judge_ledger(records, source, target):
    """Every acknowledged write is on both sides once, nothing else but unknown ones is there."""
    judged = None
    for side, session in (("source", source), ("target", target)):
        rows = session.execute("SELECT writer, number FROM public.ledger_write").fetchall()
        judged = ledger.judge(records, rows)
        assert judged.lost == (), (side, judged.lost[:10], len(judged.lost))
        assert judged.extra == (), (side, judged.extra[:10], len(judged.extra))
        assert judged.doubled == (), (side, judged.doubled[:10], len(judged.doubled))
    return judged


def alternations(records):
    """Return how often the authority must have changed, by what the writers were told.

    The longest chain of acknowledged writes, each begun after the one before was acknowledged, on
    alternating sides. With one authority at a time it is not longer than the swaps.
    """
    begun = {}
    writes = []
    for record in records:
        if record.state == "intended":
            begun[record.fingerprint] = record.monotonic_s
        elif record.state == Outcome.ACKNOWLEDGED:
            writes.append((record.monotonic_s, begun[record.fingerprint], record.side))
    writes.sort()
    longest = 0
    for first in ("source", "target"):
        side, since, links = first, float("-inf"), 0
        for acknowledged_s, begun_s, where in writes:
            if where == side and begun_s > since:
                side = "target" if side == "source" else "source"
                since, links = acknowledged_s, links + 1
        longest = max(longest, links - 1)
    return longest


def assert_no_second_authority(records, target):
    """Writers were not answered by two sides in turn more often than swaps were decided."""
    (decided,) = column(target, "SELECT count(*) FROM changeover.swap WHERE decided_at IS NOT NULL")
    assert alternations(records) <= decided


def read_sightings(path):
    """Return what the reader of the twins counted; nothing seen at all is no proof."""
    counts = json.loads(path.read_text(encoding="utf-8"))
    looks = 0
    for side, seen in counts.items():
        assert seen["looks"] > 0, (side, seen)
        assert seen["torn"] == 0, (side, seen)
        looks += seen["looks"]
    return looks
