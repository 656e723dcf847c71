"""Somebody alters one thing on the target of the salon's move: `check` is red and names it."""

import json

import pytest

from salon import schema

DRIFTS = (
    ("column", "public.clients.email", "ALTER TABLE clients ALTER email TYPE varchar(100)"),
    ("default", "public.bookings.status", "ALTER TABLE bookings ALTER status SET DEFAULT 'past'"),
    ("index", "public.messages.idx_messages_queue", "DROP INDEX idx_messages_queue"),
    (
        "trigger",
        "public.staff.trigger_update_staff_updated_at",
        "DROP TRIGGER trigger_update_staff_updated_at ON staff",
    ),
    ("check", "public.reminders.even", "ALTER TABLE reminders ADD CONSTRAINT even CHECK (id > 0)"),
)


@pytest.fixture
def place(pair, tmp_path):
    """A directory with the configuration of the salon's move, its target made by hand."""
    for side, database in (("source", pair.source), ("target", pair.target)):
        path = tmp_path / f"{side}.dsn"
        path.write_text(database.dsn, encoding="utf-8")
        path.chmod(0o600)
    with pair.source.connect() as source, pair.target.connect() as target:
        schema.create_source(source)
        schema.create_target(target)
    (tmp_path / "changeover.toml").write_text(
        '[source]\ndsn = "@source.dsn"\n[target]\ndsn = "@target.dsn"\n', encoding="utf-8"
    )
    return tmp_path


@pytest.fixture
def alter(pair):
    """A function that alters the target as its owner."""

    def run(*statements):
        with pair.target.connect() as connection:
            for statement in statements:
                connection.execute(statement)

    return run


@pytest.fixture
def drift(program):
    """A function that runs check and returns its exit code and the drift that it names."""

    def found():
        shown = program("check", "--json")
        findings = json.loads(shown.stdout)["result"]["findings"]
        of_code = [one for one in findings if one["code"] == "CK-SCHEMA-DRIFT"]
        return shown.returncode, {
            one["subject"]: one["fact"] for one in of_code if one["severity"] == "refuse"
        }

    return found


def test_each_altered_thing_is_named(program, alter, drift):
    """A column, a default, an index, a trigger, a CHECK: each makes check red, by its name."""
    assert drift() == (3, {})
    assert program("schema", "apply", "--yes").returncode == 3
    assert drift()[1] == {}
    seen = []
    for kind, subject, statement in DRIFTS:
        alter(statement)
        seen.append(subject)
        code, found = drift()
        assert (code, sorted(found)) == (3, sorted(seen))
        assert found[subject].startswith(f"the {kind} {subject} ")
    shown = program("check").stdout
    assert all(f"{subject}: the {kind} {subject} " in shown for kind, subject, _ in DRIFTS)


@pytest.mark.nightly
def test_a_lost_check_is_named_once_it_was_accepted(pair, program, alter, drift):
    """What follows `finish` is drift until it is accepted; from then on its loss is."""
    program("schema", "apply", "--yes")
    with pair.target.connect() as connection:
        schema.finish_target(connection)
    assert len(drift()[1]) == 18
    shown = program("schema", "accept", "--dry-run")
    assert (shown.returncode, "bookings_status_check was added" in shown.stdout) == (0, True)
    assert len(drift()[1]) == 18
    assert program("schema", "accept", "--yes").returncode == 0
    assert drift()[1] == {}
    alter("ALTER TABLE bookings DROP CONSTRAINT bookings_status_check")
    assert list(drift()[1]) == ["public.bookings.bookings_status_check"]


@pytest.mark.nightly
def test_applying_again_hides_nothing(program, alter, drift):
    """A second apply carries what is missing and leaves drift what it was; a new month is none."""
    program("schema", "apply", "--yes")
    alter("SELECT create_messages_partition('2026-05-01')")
    alter("DROP INDEX idx_clients_phone", "DROP TABLE sync_status", "DROP TABLE messages_2026_04")
    lost = ["public.clients.idx_clients_phone", "public.messages_2026_04", "public.sync_status"]
    assert sorted(drift()[1]) == lost
    assert "sync_status" in program("schema", "apply", "--yes").stdout
    assert set(lost[:2]) <= set(drift()[1])


def test_two_equal_indexes_are_named(program, alter):
    """The double of an index is warned of, and the one without a constraint is to go."""
    alter("CREATE INDEX again ON staff_schedules (staff_id, date)")
    shown = program("check").stdout
    assert "WARN   CK-INDEX-DOUBLE (target) public.staff_schedules.again" in shown
    assert "fix: drop again" in shown
