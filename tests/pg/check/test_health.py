"""What check says of moves that are as they should be, and that it leaves no trace."""

import pytest

from changeover.embedded import create_sample_application
from changeover.journey import check
from changeover.journey.check import codes, run_checks
from changeover.journey.checks import capacity
from changeover.model.settings import CopySettings, MoveSettings
from changeover.transfer import capture
from salon.schema import create_source, create_target

EXPECTED = {
    "CK-WRITER-TRIGGER": "auth.users.on_auth_user_created",
    "CK-WRITER-FOREIGN-KEY": "public.profiles.profiles_id_fkey",
}
# Every row of these, by its place and the transaction that wrote it, is what a check could have
# changed. A vacuum, which may come at any time, changes neither.
CATALOGS = (
    "pg_class",
    "pg_attribute",
    "pg_proc",
    "pg_trigger",
    "pg_namespace",
    "pg_type",
    "pg_constraint",
    "pg_depend",
    "pg_rewrite",
    "pg_sequence",
    "pg_authid",
    "pg_auth_members",
    "pg_db_role_setting",
    "pg_default_acl",
    "pg_shdepend",
    "pg_largeobject_metadata",
)


def refused(report):
    """Return the refusals as code and subject."""
    return {f.code: f.subject for f in report.refusals}


def test_the_sample_application_has_its_two_questions_only(bare_field):
    """A healthy Supabase project is refused for what writes into it from auth, and nothing else."""
    create_sample_application(bare_field.pair.source)
    report = bare_field.check()
    assert refused(report) == EXPECTED
    assert {f.code for f in report.findings} == set(codes())


def test_answers_turn_questions_into_notes(bare_field):
    """An accepted question is a note with its reason; without a reason it stays a refusal."""
    create_sample_application(bare_field.pair.source)
    answers = dict.fromkeys(EXPECTED.values(), "accepted: sign-up is closed that night")
    report = bare_field.check(move=MoveSettings(answers=answers))
    assert report.is_green
    notes = [f for f in report.findings if f.code in EXPECTED and f.severity == "note"]
    assert len(notes) == len(EXPECTED)
    assert all("sign-up is closed" in finding.fact for finding in notes)
    empty = dict.fromkeys(EXPECTED.values(), "accepted:")
    assert refused(bare_field.check(move=MoveSettings(answers=empty))) == EXPECTED


@pytest.mark.parametrize("has_target", [False, True])
def test_the_salon_may_move(bare_field, has_target):
    """The salon is not refused, whether the target is empty or prepared with partitions."""
    with bare_field.pair.source.connect() as connection:
        create_source(connection)
    if has_target:
        with bare_field.pair.target.connect() as connection:
            create_target(connection)
    report = bare_field.check()
    assert refused(report) == {}
    open_policies = {f.subject for f in report.warnings if f.code == "CK-VISIBLE-OPEN-POLICY"}
    assert open_policies == {"public.whatsapp_auth", "public.whatsapp_keys"}


def test_an_installed_capture_is_no_finding(field):
    """While a move is under way, our own triggers, functions and tables are nobody's fault."""
    capture.install(field.move())
    report = field.check()
    assert refused(report) == {}
    assert not [f for f in report.findings if "changeover." in f.subject]


def test_rows_that_a_copy_put_there_are_ours(field):
    """A target table that our copy has begun to fill is not called somebody else's."""
    capture.install(field.move())
    field.plant(
        "UPDATE changeover.copy SET state = 'copying'",
        "INSERT INTO changeover.copy (table_id, state, version)"
        " SELECT table_id, 'copying', 1 FROM changeover.moved_table ON CONFLICT DO NOTHING",
        side="target",
    )
    field.plant(
        "SELECT setval('changeover.fence', 1)",
        "INSERT INTO public.item VALUES (1, 'one')",
        side="target",
    )
    assert "CK-TABLE-NOT-EMPTY" not in refused(field.check())


def traces(database):
    """Return every row of the catalogs that a check could touch."""
    with database.connect_as_superuser() as connection:
        rows = {
            name: connection.execute(
                f"SELECT xmin::text, ctid FROM pg_catalog.{name} ORDER BY 2"
            ).fetchall()
            for name in CATALOGS
        }
        rows["rows"] = connection.execute("SELECT xmin::text, ctid, * FROM public.item").fetchall()
        rows["sequences"] = connection.execute("SELECT * FROM pg_sequences").fetchall()
    return rows


def test_a_check_leaves_no_trace(field):
    """Every row of both catalogs, written by the same transactions, is there before and after."""
    for side in ("source", "target"):
        field.plant("CREATE SEQUENCE public.numbers", side=side)
    sides = (field.pair.source, field.pair.target)
    # The first session in a backend may write what later ones find there.
    field.check()
    before = [traces(database) for database in sides]
    report = field.check()
    assert [f for f in report.findings if f.code == "CK-RIGHT-TRIGGER"]
    assert [traces(database) for database in sides] == before


def test_connections_that_are_too_few_are_refused(field):
    """More workers than there are connections are refused, with the figures."""
    report = field.check(copy=CopySettings(workers=500))
    server = [f for f in report.refusals if f.code == "CK-CAPACITY-CONNECTIONS"]
    assert {f.side for f in server} == {"source", "target"}
    assert all("need up to 511" in f.fact for f in server)
    field.plant(f"ALTER DATABASE {field.pair.target.name} CONNECTION LIMIT 20", side="target")
    assert "20 connections" in field.found(field.check(), "CK-CAPACITY-CONNECTIONS").fact


def test_a_long_transaction_is_told_without_its_query(field, monkeypatch):
    """A transaction older than the limit is named by process and age, never by its text."""
    monkeypatch.setattr(capacity, "TRANSACTION_AGE_S_MAX", 0.0)
    with field.pair.source.connect() as connection, connection.transaction():
        connection.execute("SELECT 'planted-secret'")
        report = field.check()
        pid = connection.info.backend_pid
    finding = field.found(report, "CK-CAPACITY-LONG-TRANSACTION", f"source pid {pid}")
    assert "postgres" in finding.fact
    assert "planted-secret" not in repr(report)


def test_prepared_transactions_are_refused(field):
    """A prepared transaction passes every fence, so it is refused beforehand."""
    field.plant(
        "BEGIN; INSERT INTO public.item VALUES (2, 'two'); PREPARE TRANSACTION 'planted-secret'",
        side="target",
    )
    report = field.check()
    assert field.found(report, "CK-CAPACITY-PREPARED").severity == "refuse"
    assert "planted-secret" not in repr(report)


def test_a_lock_table_that_is_too_small_is_told(field, monkeypatch):
    """More relations than the lock table has room for would break a round."""
    monkeypatch.setattr(capacity, "LOCK_SHARE_MAX", 0.0)
    report = field.check()
    told = [f for f in report.warnings if f.code == "CK-CAPACITY-LOCKS"]
    assert {f.side for f in told} == {"source", "target"}


def test_an_error_while_checking_is_a_refusal(field, monkeypatch):
    """A check that breaks, by whatever cause, refuses under its own code and stops no other."""

    def broken(_scene, _side):
        raise ZeroDivisionError

    planted = check.Check(proves={"CK-TEST-BROKEN": "nothing"}, run=broken)
    monkeypatch.setattr(check, "CHECKS", (planted, *check.CHECKS))
    report = run_checks(field.move())
    told = [f for f in report.refusals if f.code == "CK-TEST-BROKEN"]
    assert {f.side for f in told} == {"source", "target"}
    assert all("could not be checked: ZeroDivisionError" in f.fact for f in told)
    assert set(codes()) <= {f.code for f in report.findings}
