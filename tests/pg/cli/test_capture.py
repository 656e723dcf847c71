import json


def test_a_dry_run_prints_statements_and_changes_nothing(program, pair):
    """`capture install --dry-run` prints SQL for both sides and creates nothing."""
    shown = program("capture", "install", "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "source: CREATE TRIGGER" in shown.stdout
    assert "target: CREATE TRIGGER" in shown.stdout
    for database in (pair.source, pair.target):
        with database.connect() as connection:
            assert connection.execute("SELECT to_regnamespace('changeover')").fetchone() == (None,)


def test_nobody_to_ask_is_no_yes(program, pair):
    """Off a terminal `capture install` without --yes ends with 2 and creates nothing."""
    shown = program("capture", "install")
    assert shown.returncode == 2
    assert "--yes" in shown.stderr
    with pair.source.connect() as connection:
        assert connection.execute("SELECT to_regnamespace('changeover')").fetchone() == (None,)


def test_capture_is_installed(program, pair, place):
    """`capture install --yes` guards both sides, can be repeated, and says what it did."""
    for _ in range(2):
        shown = program("capture", "install", "--yes", "--json")
        assert shown.returncode == 0, shown.stderr
        said = json.loads(shown.stdout)
        assert said["ok"]
        assert said["result"]["tables"] == 2
        assert said["next_steps"]
    events = [json.loads(line) for line in shown.stderr.splitlines()]
    assert {event["event"] for event in events} == {"PhaseChanged"}
    with pair.source.connect() as connection:
        connection.execute("UPDATE public.customer SET name = 'x' WHERE id = 1")
        row = connection.execute(
            "SELECT count(*) FROM changeover.change WHERE key = '1' AND table_id > 0"
        ).fetchone()
    assert row == (1,)
    assert (place / ".changeover").stat().st_mode & 0o077 == 0
