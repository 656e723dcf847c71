"""Rights: a role that lacks one is told which, and a right that could not be tried is no pass."""

from dataclasses import replace

import pytest

from changeover.database import Endpoint
from changeover.journey.check import run_checks
from changeover.model.secret import Secret
from changeover.model.side import Side


def as_role(field, role, *, side="target"):
    """Return what check says to another role of one side."""
    database = getattr(field.pair, side)
    endpoint = Endpoint(side=Side(side), dsn=Secret(database.dsn_of(role)))
    move = field.move()
    return run_checks(replace(move, owners={**move.owners, Side(side): endpoint}))


@pytest.fixture
def poor(field):
    """A new role of the target's server that may log in and nothing else."""
    # A server keeps the password of a role by its name.
    name = f"poor_{field.pair.target.name}"
    field.plant(f"CREATE ROLE {name} LOGIN", side="target", is_superuser=True)
    return name


LACKS = {
    "CK-RIGHT-SCHEMA": ("refuse", "no place for log and fence"),
    "CK-RIGHT-TABLE": ("refuse", "could not be checked"),
    "CK-RIGHT-SEQUENCE": ("refuse", "could not be checked"),
    "CK-RIGHT-FUNCTION": ("refuse", "could not be checked"),
    "CK-RIGHT-TRIGGER": ("refuse", "could not be checked"),
    "CK-RIGHT-LOCK": ("refuse", "could not be checked"),
    "CK-RIGHT-TEMPORARY": ("refuse", "temporary"),
    "CK-RIGHT-REPLICA": ("note", "session_replication_role"),
    "CK-RIGHT-ROLE": ("warn", "accidents only"),
    "CK-RIGHT-BYPASSRLS": ("note", "no role can be made"),
    "CK-RIGHT-OWNER": ("refuse", "belongs to app_owner"),
    "CK-RIGHT-ACTIVITY": ("warn", "does not see"),
    "CK-VISIBLE-READ": ("refuse", "permission denied"),
    "CK-VISIBLE-WRITE": ("refuse", "SELECT, INSERT, UPDATE, DELETE"),
    "CK-TABLE-NOT-EMPTY": ("refuse", "could not be checked"),
}


def test_a_role_without_rights_is_told_each(field, poor):
    """A role that may log in and no more hears of every right that it lacks."""
    database = field.pair.target.name
    field.plant(
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {database} TO {poor}",
        side="target",
        is_superuser=True,
    )
    report = as_role(field, poor)
    told = {
        f.code: f
        for f in report.findings
        if f.side == "target" and f.code in LACKS and f.severity != "pass"
    }
    assert {code: f.severity for code, f in told.items()} == {
        code: severity for code, (severity, _) in LACKS.items()
    }
    assert {code: f.fact for code, f in told.items() if LACKS[code][1] not in f.fact} == {}
    assert (report.is_green, report.exit_code) == (False, 3)


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("CREATE TABLE", "CK-RIGHT-TABLE"),
        ("CREATE TABLE", "CK-RIGHT-LOCK"),
        ("CREATE SEQUENCE", "CK-RIGHT-SEQUENCE"),
        ("CREATE FUNCTION", "CK-RIGHT-FUNCTION"),
        ("CREATE TRIGGER", "CK-RIGHT-TRIGGER"),
    ],
)
def test_a_host_that_forbids_a_command_is_noticed(field, tag, code):
    """Where the platform itself refuses a command to our role, the trial finds it out."""
    field.plant(
        "CREATE FUNCTION public.guard() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN"
        " RAISE EXCEPTION 'forbidden here' USING ERRCODE = '42501'; END IF; END $$",
        f"CREATE EVENT TRIGGER guard ON ddl_command_start WHEN TAG IN ('{tag}')"
        " EXECUTE FUNCTION public.guard()",
        is_superuser=True,
    )
    assert field.found(field.check(), code).severity == "refuse"


def test_a_language_that_may_not_be_used_is_noticed(field):
    """Without the right to use plpgsql there can be no trigger function."""
    field.plant("REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC", is_superuser=True)
    report = field.check()
    assert "plpgsql" in field.found(report, "CK-RIGHT-FUNCTION").fact
    assert field.found(report, "CK-RIGHT-TRIGGER").severity == "refuse"


def test_sessions_that_may_not_be_ended_or_seen_are_noticed(field):
    """A server that hides locks, or keeps its sessions from being ended, can't carry a swap."""
    field.plant(
        "REVOKE EXECUTE ON FUNCTION pg_catalog.pg_terminate_backend FROM PUBLIC",
        "REVOKE SELECT ON pg_catalog.pg_locks FROM PUBLIC",
        side="target",
        is_superuser=True,
    )
    report = field.check()
    assert field.found(report, "CK-RIGHT-TERMINATE").severity == "refuse"
    assert field.found(report, "CK-RIGHT-LOCKS").severity == "refuse"


def test_a_schema_made_by_an_administrator_is_enough(field, poor):
    """A role that may create no schema is fine where the schema changeover is there for it."""
    name = field.pair.target.name
    field.plant(
        f"GRANT TEMPORARY ON DATABASE {name} TO {poor}",
        f"CREATE SCHEMA changeover AUTHORIZATION {poor}",
        side="target",
        is_superuser=True,
    )
    report = as_role(field, poor)
    assert field.found(report, "CK-RIGHT-SCHEMA").severity == "note"
    tried = [f for f in report.findings if f.code == "CK-RIGHT-TRIGGER"]
    assert {f.severity for f in tried} == {"pass"}


def test_a_target_whose_owner_makes_no_roles(pair_with, make_move):
    """Without CREATEROLE the mirror is known by a secret, which is said as a warning."""
    pair = pair_with(createrole=False, replication_role_grant=False)
    report = run_checks(make_move(pair))
    (role,) = [f for f in report.findings if f.code == "CK-RIGHT-ROLE" and f.side == "target"]
    (rest,) = [f for f in report.findings if f.code == "CK-RIGHT-REPLICA" and f.side == "target"]
    assert (role.severity, rest.severity) == ("warn", "note")


@pytest.mark.parametrize("bypass", ["", "BYPASSRLS"])
def test_a_named_mirror_is_looked_at(field, bypass):
    """A role that was named for the mirror has to see every row of tables with policies."""
    name = f"mirror_{field.pair.source.name}"
    field.plant(f"CREATE ROLE {name} LOGIN {bypass}", is_superuser=True)
    field.plant("ALTER TABLE public.item ENABLE ROW LEVEL SECURITY")
    dsn = Secret(field.pair.source.dsn_of(name))
    mirrors = {Side.SOURCE: Endpoint(side=Side.SOURCE, dsn=dsn)}
    report = run_checks(replace(field.move(), mirrors=mirrors))
    of_source = [f for f in report.findings if f.side == "source"]
    (finding,) = [f for f in of_source if f.code == "CK-RIGHT-BYPASSRLS"]
    assert finding.severity == ("pass" if bypass else "refuse")


def test_a_named_mirror_that_is_the_owner_is_told(field):
    """A mirror that logs in as the owner is known by nothing but a secret."""
    owner = Endpoint(side=Side.SOURCE, dsn=Secret(field.pair.source.dsn))
    report = run_checks(replace(field.move(), mirrors={Side.SOURCE: owner}))
    (finding,) = [f for f in report.warnings if f.code == "CK-RIGHT-ROLE"]
    assert "the owner postgres itself" in finding.fact
