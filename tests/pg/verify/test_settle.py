"""Settling: what waits for the mirror is not counted, what is wrong is, what is unknown is said."""

import threading
from dataclasses import replace

import pytest
from msgspec import structs

from changeover.control.move import installed_pairs
from changeover.journey.daemon import Daemon
from changeover.model.errors import StaleEpochError
from changeover.model.fault import Hooks
from changeover.model.settings import MoveSettings, VerifySettings
from changeover.model.side import Side
from changeover.transfer.mirror import Mirror, read_control
from changeover.transfer.verify import verify
from changeover.transfer.verify.digest import Reader, parts
from changeover.transfer.verify.expression import shapes
from changeover.transfer.verify.hashing import EXTENDED
from changeover.transfer.verify.search import HALF_DIGESTED
from changeover.transfer.verify.session import Session
from changeover.transfer.verify.settle import _is_held

TABLES = (
    "CREATE TABLE public.a (id bigint PRIMARY KEY, x text)",
    "CREATE TABLE public.b (k text, n int, x text, PRIMARY KEY (k, n))",
    "CREATE TABLE public.c (x text, y int)",
    "INSERT INTO public.a SELECT g, 'a' || g FROM generate_series(1, 2000) g",
    "INSERT INTO public.b SELECT 'k,' || g % 7, g, 'b' FROM generate_series(1, 500) g",
    "INSERT INTO public.c SELECT 'c' || g % 3, g % 5 FROM generate_series(1, 100) g",
)
SETTINGS = {
    "move": MoveSettings(whole=("public.c",)),
    "verify": VerifySettings(range_rows=300, bisect_rows=10, settle_s_max=1.0),
}


@pytest.fixture
def move(pair, ready):
    """A move of three equal tables, installed."""
    return ready(pair, *TABLES, **SETTINGS)


def corrupt(move, *statements):
    """Change the target as only the mirror can."""
    with move.connect_mirror(Side.TARGET, "corrupt") as connection:
        for statement in statements:
            connection.execute(statement)


def write(move, *statements):
    """Write to the source as the application does."""
    with move.connect_owner(Side.SOURCE, "write") as connection:
        for statement in statements:
            connection.execute(statement)


def control(move, statement, values=None):
    """Run a statement on the target's control schema and return its rows."""
    with move.connect_owner(Side.TARGET, "control") as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def mirror_round(move):
    """Run one round of the mirror."""
    mirror = Mirror.of(move, read_control_of(move).authority)
    try:
        mirror.round()
    finally:
        mirror.close()


def read_control_of(move):
    """Return the control row."""
    with move.connect_owner(Side.TARGET, "control") as connection:
        return read_control(connection)


@pytest.fixture
def mirrored(move):
    """The move while the real daemon mirrors it."""
    stop = threading.Event()
    thread = threading.Thread(target=Daemon(move).run, args=(stop.is_set,))
    thread.start()
    # A busy machine makes rounds slow; the limit is no part of what is tested.
    patient = structs.replace(SETTINGS["verify"], settle_s_max=60.0)
    yield replace(move, settings=structs.replace(move.settings, verify=patient))
    stop.set()
    thread.join()


def kinds(report):
    """Return table, kind and columns of every difference."""
    return {
        (table.table.name, str(found.kind), found.columns)
        for table in report.tables
        for found in table.divergences
    }


def test_an_installed_pair_is_green(move):
    """Equal tables under capture and fence are green without a mirror."""
    assert verify(move).is_green


def test_what_waits_in_the_log_is_unknown(move):
    """Rows that were written and wait for the mirror are neither equal nor counted."""
    write(
        move,
        "UPDATE public.a SET x = 'new' WHERE id IN (1, 700)",
        "INSERT INTO public.b VALUES ('k,\"}', 1000, 'new')",
        "DELETE FROM public.b WHERE n = 3",
        "INSERT INTO public.c VALUES ('new', 1)",
    )
    report = verify(move)
    assert kinds(report) == set()
    assert {t.table.name: t.unsettled for t in report.tables} == {"a": 2, "b": 2, "c": 1}
    assert not report.is_equal
    assert not report.is_green
    mirror_round(move)
    assert verify(move).is_green


def test_a_difference_beside_waiting_rows_is_counted(move):
    """Rows that wait in the log do not hide a corrupted one, also with nobody mirroring."""
    write(move, "UPDATE public.a SET x = 'new' WHERE id = 1")
    corrupt(move, "UPDATE public.a SET x = 'wrong' WHERE id = 2")
    report = verify(move)
    assert kinds(report) == {("a", "different", ("x",))}
    assert report.unsettled == 1


def test_a_truncated_table_waits_as_a_whole(move):
    """After a TRUNCATE every row of the table is unknown until the mirror has passed."""
    write(move, "TRUNCATE public.a")
    report = verify(move)
    assert (kinds(report), report.unsettled) == (set(), 2000)
    mirror_round(move)
    assert verify(move).is_green


def test_differences_are_found_while_the_mirror_runs(mirrored):
    """With the daemon running a corrupted row of each table is found, tokens and all."""
    corrupt(
        mirrored,
        "UPDATE public.a SET x = NULL WHERE id = 1000",
        "DELETE FROM public.b WHERE n = 17",
        "INSERT INTO public.b VALUES ('x', -1, NULL)",
        "DELETE FROM public.c WHERE ctid = (SELECT min(ctid) FROM public.c)",
    )
    report = verify(mirrored)
    assert kinds(report) == {
        ("a", "different", ("x",)),
        ("b", "missing", ()),
        ("b", "extra", ()),
        ("c", "missing", ()),
    }
    assert report.unsettled == 0
    assert control(mirrored, "SELECT count(*) FROM changeover.token") == [(0,)]


def test_what_the_mirror_is_late_with_is_no_difference(mirrored):
    """Rows written between the reading of both sides settle as equal."""
    numbers = iter(range(10_000))

    def write_between(point):
        if point == HALF_DIGESTED:
            number = next(numbers)
            write(
                hooked,
                f"UPDATE public.a SET x = 'w{number}' WHERE id % 50 = 0",
                f"INSERT INTO public.b VALUES ('new', {number}, NULL)",
                "UPDATE public.c SET y = y + 1 WHERE x = 'c1'",
            )

    hooked = with_hook(mirrored, write_between)
    report = verify(hooked)
    assert report.is_green, report.to_json()
    assert next(numbers) > 1


def with_hook(move, reached):
    """Return the move with a race point."""
    return replace(move, hooks=Hooks(reached=reached))


def test_a_row_that_never_stands_still_is_settled(mirrored):
    """A row that is written without pause is held for a moment, found equal, and not counted."""
    stop = threading.Event()
    written = 0

    def write_on():
        nonlocal written
        with mirrored.connect_owner(Side.SOURCE, "write") as connection:
            while not stop.is_set():
                connection.execute(
                    "UPDATE public.a SET x = 'n' || (%s)::text WHERE id = 7", (written,)
                )
                written += 1

    thread = threading.Thread(target=write_on)
    thread.start()
    try:
        reports = [verify(mirrored) for _ in range(3)]
    finally:
        stop.set()
        thread.join()
    assert [report.unsettled for report in reports] == [0] * 3
    assert all(report.is_green for report in reports)
    assert written > 100


def test_the_outcome_is_booked_and_doubts_are_cleared(move):
    """Each table's outcome stands on the target; older doubts about equal tables are cleared."""
    numbers = {p.table.name: p.table_id for p in verify(move).tables}
    corrupt(move, "DELETE FROM public.b WHERE n <= 3")
    control(
        move,
        "INSERT INTO changeover.doubt (table_id, reason, since)"
        " SELECT m.table_id, w.reason, now() + w.shift FROM changeover.moved_table AS m,"
        " (VALUES ('old', interval '-1 hour'), ('new', interval '1 hour')) AS w (reason, shift)",
    )
    report = verify(move)
    assert report.run_id == 2
    rows = control(
        move,
        "SELECT table_id, rows_source, rows_target, missing, extra, different, unsettled, orphans,"
        " finished_at >= started_at, epoch FROM changeover.verification WHERE run_id = 2"
        " ORDER BY table_id",
    )
    epoch = read_control_of(move).epoch
    assert rows == [
        (numbers["a"], 2000, 2000, 0, 0, 0, 0, 0, True, epoch),
        (numbers["b"], 500, 497, 3, 0, 0, 0, 0, True, epoch),
        (numbers["c"], 100, 100, 0, 0, 0, 0, 0, True, epoch),
    ]
    cleared = control(
        move, "SELECT table_id, reason FROM changeover.doubt WHERE cleared_at IS NOT NULL"
    )
    assert set(cleared) == {(numbers["a"], "old"), (numbers["c"], "old")}


def test_a_swap_in_between_refuses_the_outcome(move):
    """A verification during which the sides were swapped is an error and books nothing."""
    swapped = threading.Event()

    def swap(point):
        if point == HALF_DIGESTED and not swapped.is_set():
            swapped.set()
            control(
                move, "UPDATE changeover.control SET epoch = epoch + 1, primary_side = 'target'"
            )

    with pytest.raises(StaleEpochError):
        verify(with_hook(move, swap))
    assert control(move, "SELECT count(*) FROM changeover.verification") == [(0,)]


def test_the_primary_is_whoever_has_the_authority(move):
    """After a swap missing and extra are seen from the target, and its log counts."""
    corrupt(
        move,
        "DELETE FROM public.a WHERE id = 1",
        "INSERT INTO public.a VALUES (-1, NULL), (-2, NULL)",
        "INSERT INTO changeover.change (table_id, key)"
        " SELECT table_id, '-2' FROM changeover.moved_table WHERE table_name = 'a'",
    )
    control(move, "UPDATE changeover.control SET primary_side = 'target'")
    report = verify(move)
    assert report.primary is Side.TARGET
    assert kinds(report) == {("a", "missing", ()), ("a", "extra", ())}
    assert report.unsettled == 1
    rows = control(
        move,
        "SELECT rows_source, rows_target FROM changeover.verification ORDER BY table_id LIMIT 1",
    )
    assert rows == [(2000, 2001)]


def test_orphans_of_resting_foreign_keys_are_counted(pair_with, ready):
    """A foreign key that is taken off while its side follows is counted by its definition."""
    pair = pair_with(replication_role_grant=False)
    move = ready(
        pair,
        'CREATE TABLE public."P" (id int PRIMARY KEY)',
        'CREATE TABLE public.q (id int PRIMARY KEY, p int REFERENCES public."P")',
        'INSERT INTO public."P" VALUES (1), (2)',
        "INSERT INTO public.q VALUES (1, 1), (2, 2), (3, NULL)",
        verify=SETTINGS["verify"],
    )
    corrupt(move, 'DELETE FROM public."P" WHERE id = 2')
    report = verify(move)
    assert kinds(report) == {("P", "missing", ())}
    assert [(o.name, o.rows, o.is_resting) for o in report.orphans] == [("q_p_fkey", 1, True)]
    assert control(move, "SELECT sum(orphans) FROM changeover.verification") == [(1,)]


def test_a_row_whose_lock_cannot_be_had_is_not_held(move):
    """A row that somebody else has locked is given up in bounded time, as unknown."""
    (table, *_) = installed_pairs(move)
    composed = parts(shapes(table, dict.fromkeys(Side, True))[Side.SOURCE], EXTENDED)
    with (
        move.connect_owner(Side.SOURCE, "lock") as locking,
        move.connect_owner(Side.SOURCE, "hold", lock_timeout_ms=50) as holding,
        locking.transaction(),
    ):
        locking.execute("UPDATE public.a SET x = 'locked' WHERE id = 8")
        session = Session(Side.SOURCE, holding)
        reader = Reader(table, composed, session)
        held = {}
        for key in ("7", "8", "-1"):
            with session.snapshot():
                held[key] = _is_held(reader, (key,))
    assert held == {"7": True, "8": False, "-1": False}
