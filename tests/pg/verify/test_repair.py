"""Repair: a plan that only we can read, keys in the log, rows by the mirror."""

import json
import stat

import pytest

from changeover.model.errors import NotInstalledError, StaleEpochError, WrongStateVersionError
from changeover.model.settings import MoveSettings, VerifySettings
from changeover.model.side import Side
from changeover.transfer import repair
from changeover.transfer.mirror import Mirror, read_control
from changeover.transfer.verify import verify

TABLES = (
    "CREATE TABLE public.a (k text, n int, secret text, PRIMARY KEY (k, n))",
    "CREATE TABLE public.c (x text)",
    """INSERT INTO public.a
       SELECT 'private "\\,{} ключ' || g % 3, g, 'v' FROM generate_series(1, 50) g""",
    "INSERT INTO public.c VALUES ('x'), ('x'), (NULL)",
)
SETTINGS = {
    "move": MoveSettings(whole=("public.c",)),
    "verify": VerifySettings(range_rows=20, bisect_rows=5, settle_s_max=0.5),
}


@pytest.fixture
def move(pair, ready):
    """A move of two equal tables, installed."""
    return ready(pair, *TABLES, **SETTINGS)


def run(move, *statements, side=Side.TARGET):
    """Run statements as the mirror, whom the fence lets pass."""
    with move.connect_mirror(side, "test") as connection:
        cursor = None
        for statement in statements:
            cursor = connection.execute(statement)
        return cursor.fetchall() if cursor is not None and cursor.description else []


def mirror_round(move):
    """Run one round of the mirror."""
    with move.connect_owner(Side.TARGET, "control") as connection:
        authority = read_control(connection).authority
    mirror = Mirror.of(move, authority)
    try:
        return mirror.round()
    finally:
        mirror.close()


CORRUPTION = (
    "UPDATE public.a SET secret = 'wrong' WHERE n = 1",
    "DELETE FROM public.a WHERE n = 2",
    "INSERT INTO public.a VALUES ('private extra', 1000, 'w')",
    "INSERT INTO public.c VALUES ('x')",
)


def test_a_repair_with_deletes_makes_both_sides_equal(move):
    """Every difference is gone after the plan was applied and the mirror went once."""
    run(move, *CORRUPTION)
    wanted = repair.plan(move, verify(move), with_deletes=True)
    assert (len(wanted.actions), wanted.left_out) == (4, 0)
    assert repair.apply(move, wanted) == 4
    assert not verify(move).is_green
    mirror_round(move)
    assert verify(move).is_green


def test_without_deletes_rows_of_the_secondary_stay(move):
    """Extra rows are left out and named as such; a table without key that has some, too."""
    run(move, *CORRUPTION)
    wanted = repair.plan(move, verify(move), with_deletes=False)
    assert {str(action.kind) for action in wanted.actions} == {"missing", "different"}
    assert (len(wanted.actions), wanted.left_out) == (2, 2)
    repair.apply(move, wanted)
    mirror_round(move)
    report = verify(move)
    assert {(t.table.name, t.rows("extra"), t.rows("missing")) for t in report.tables} == {
        ("a", 1, 0),
        ("c", 1, 0),
    }


def test_only_the_plan_holds_keys_and_only_we_read_it(move):
    """The file has mode 0600 and holds keys but no values; what is shown holds hashes."""
    run(move, *CORRUPTION)
    report = verify(move)
    wanted = repair.plan(move, report, with_deletes=True)
    assert stat.S_IMODE(wanted.path.stat().st_mode) == 0o600
    text = wanted.path.read_text(encoding="utf-8")
    assert "private extra" in text
    assert "wrong" not in text
    shown = "\n".join(repair.describe(wanted)) + repr(wanted) + repr(report) + report.to_json()
    assert "private" not in shown
    assert all(found.key_hash in shown for found in report.tables[0].divergences)


def test_a_dry_run_says_exactly_what_is_logged(move):
    """One line per key that is put into the log, and reading the plan again gives the same."""
    run(move, *CORRUPTION)
    wanted = repair.plan(move, verify(move), with_deletes=True)
    lines = repair.describe(wanted)
    assert len(lines) == len(set(lines)) == 4
    assert "source: log public.c key whole table (extra)" in lines
    assert repair.load(wanted.path) == wanted
    before = run(move, "SELECT count(*) FROM changeover.change", side=Side.SOURCE)
    repair.apply(move, wanted)
    after = run(move, "SELECT count(*) FROM changeover.change", side=Side.SOURCE)
    assert after[0][0] - before[0][0] == 4


def test_a_plan_of_another_epoch_is_refused(move):
    """After a swap a plan would put keys into the wrong side's log."""
    run(move, *CORRUPTION)
    wanted = repair.plan(move, verify(move), with_deletes=False)
    run(move, "UPDATE changeover.control SET epoch = epoch + 1")
    with pytest.raises(StaleEpochError):
        repair.apply(move, wanted)
    assert run(move, "SELECT count(*) FROM changeover.change", side=Side.SOURCE) == [(0,)]


def test_a_plan_of_another_version_is_refused(move):
    """A file that another version wrote is not guessed at."""
    run(move, *CORRUPTION)
    wanted = repair.plan(move, verify(move), with_deletes=False)
    content = json.loads(wanted.path.read_text(encoding="utf-8"))
    wanted.path.write_text(json.dumps({**content, "version": 2}), encoding="utf-8")
    with pytest.raises(WrongStateVersionError):
        repair.load(wanted.path)


def test_without_a_log_nothing_can_be_repaired(bench):
    """Before capture is installed a plan can be written but not applied."""
    bench.both("CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1)")
    bench.plant("DELETE FROM a")
    wanted = repair.plan(bench.move, bench.verify(), with_deletes=False)
    with pytest.raises(NotInstalledError):
        repair.apply(bench.move, wanted)
