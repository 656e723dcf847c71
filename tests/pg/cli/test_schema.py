import json

import pytest


@pytest.fixture
def empty(place, pair):
    """The place of a move whose target has no tables yet."""
    with pair.target.connect() as connection:
        connection.execute('DROP TABLE public."Заказ", public.customer')
    return place


def test_a_schema_is_planned_applied_and_compared(empty, program):
    """`schema plan` shows the SQL, `apply` runs it once, `diff` finds nothing that matters."""
    planned = program("schema", "plan")
    assert planned.returncode == 0, planned.stderr
    assert "CREATE TABLE public.customer" in planned.stdout
    assert program("schema", "apply").returncode == 2
    assert program("schema", "diff", "--json").returncode == 3
    for expected in (True, False):
        shown = program("schema", "apply", "--yes", "--json")
        assert shown.returncode == 0, shown.stdout + shown.stderr
        assert bool(json.loads(shown.stdout)["result"]["done"]) is expected
    shown = program("schema", "diff", "--json")
    assert shown.returncode == 0, shown.stdout


def test_a_dry_run_of_apply_is_the_plan(empty, program, pair):
    """`schema apply --dry-run` prints what would run and makes nothing."""
    shown = program("schema", "apply", "--dry-run", "--json")
    assert "CREATE TABLE" in json.loads(shown.stdout)["result"]["statements"]["pre-data"]
    with pair.target.connect() as connection:
        assert connection.execute("SELECT to_regclass('public.customer')").fetchone() == (None,)


def test_check_reports_both_sides(place, program):
    """`check` names refusals and warnings, and its exit code says whether there are any."""
    shown = program("check", "--json")
    said = json.loads(shown.stdout)
    severities = {finding["severity"] for finding in said["result"]["findings"]}
    assert "pass" in severities
    assert shown.returncode == (3 if severities & {"refuse", "warn"} else 0)
    assert said["ok"] is (shown.returncode == 0)
