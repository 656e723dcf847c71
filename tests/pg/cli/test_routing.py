"""`stage`, `rollout`, `shadow`, `kill`: what they print, what they end with, what they leave."""

import json
import os
from dataclasses import dataclass
from typing import Any

import pytest

from changeover.cli.application import run as run_program
from changeover.control.rollout import hash_of

LIST_KEY = "+7 900 000-00-00"


@dataclass(frozen=True, slots=True)
class Shown:
    """How a command ended."""

    code: int
    document: dict[str, Any]
    stderr: str

    @property
    def result(self) -> Any:
        """Return what it found; its error where it failed."""
        return self.document.get("result", self.document.get("error"))


@pytest.fixture
def say(place, monkeypatch, capfd, secrets):
    """A function that runs a command here: exit code, stdout, stderr; no secret in either."""
    monkeypatch.chdir(place)
    for name in os.environ:
        if name.startswith(("PG", "CHANGEOVER", "SUPABASE", "DATABASE_URL")):
            monkeypatch.delenv(name)

    def run(*given):
        code = run_program([*given, "--no-color"])
        out, err = capfd.readouterr()
        assert [text for text in (*secrets, LIST_KEY) if text in out + err] == []
        return code, out, err

    return run


@pytest.fixture
def ask(say):
    """A function that runs a command with --json and returns how it ended."""

    def run(*given):
        code, out, err = say(*given, "--json")
        return Shown(code, json.loads(out), err)

    return run


@pytest.fixture
def sql(pair):
    """A function that runs a statement on the target and returns its rows, if any."""

    def run(statement):
        with pair.target.connect() as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def installed(say):
    """Capture is installed."""
    code, _, err = say("capture", "install", "--yes")
    assert code == 0, err


@pytest.fixture
def live(installed, sql, ask, place):
    """The stage is live, its gates are green, and no mirror has to run for that."""
    sql("UPDATE changeover.control SET stage = 'live'")
    sql(
        "INSERT INTO changeover.heartbeat (direction, epoch, marker_number, lag_ms, lag_ms_max,"
        " owner) VALUES ('forward', 1, 1, 1, 1, 't')"
    )
    with (place / "changeover.toml").open("a", encoding="utf-8") as file:
        file.write('[mirror]\nmarker_age_ms_max = 600000\n[routing]\nkill_file = "kill"\n')


def test_a_step_is_refused_shown_and_taken(ask, installed, sql):
    """A red gate: 4, nothing changed, named. A dry run says the same. Cured by hand: taken."""
    refused = ask("stage", "next", "--yes")
    assert refused.code == 4
    assert "copied: 0 of 2 tables are copied" in refused.result["message"]
    dry = ask("stage", "set", "dualwrite", "--dry-run")
    assert dry.code == 4
    assert dry.result["following"] == "dual_write"
    assert {gate["name"] for gate in dry.result["gates"]} == {
        "copied",
        "marker",
        "caught_up",
        "books",
        "clients",
    }
    assert any("from off to dual_write" in action for action in dry.result["actions"])
    assert sql("SELECT stage FROM changeover.control") == [("off",)]
    sql("UPDATE changeover.control SET stage = 'shadow'")
    back = ask("stage", "back", "--yes")
    assert (back.code, back.result["was"], back.result["stage"]) == (0, "shadow", "dual_write")
    assert ask("stage", "set", "off", "--yes").result["stage"] == "off"
    again = ask("stage", "set", "off", "--yes")
    assert (again.code, again.result["was"]) == (0, "off")
    shown = ask("stage", "show").result
    assert (shown["stage"], shown["reads"]["percent"]) == ("off", 0)


REFUSED = [
    ("off", ("stage", "back"), 4, "leads nowhere"),
    ("off", ("stage", "set", "shadow"), 4, "stage set"),
    ("off", ("stage", "set", "ramp_down"), 4, "changeover cutover"),
    ("live", ("stage", "next"), 4, "changeover cutover"),
    ("live", ("stage", "set", "rampdown"), 4, "changeover cutover"),
    ("ramp_down", ("stage", "back"), 4, "changeover rollback"),
    ("ramp_down", ("stage", "set", "complete"), 4, "changeover finish"),
    ("live", ("stage", "set", "twilight"), 2, "dual_write"),
    ("off", ("rollout", "set", "5%"), 4, "changeover stage next"),
    ("live", ("rollout", "set", "101%"), 2, "0 to 100"),
    ("live", ("rollout", "set", "0.5%"), 2, "whole percentage"),
    ("live", ("rollout", "set", "five"), 2, "whole percentage"),
    ("live", ("rollout", "add", " "), 2, "targeting key"),
    ("live", ("rollout", "remove", "nobody"), 2, "not on the list"),
    ("live", ("shadow", "sample", "often"), 2, "0 to 100"),
]


def test_what_can_not_be_is_refused_with_the_next_act(ask, installed, sql):
    """The exit code says whose mistake it is, the hint what to run; nothing changes."""
    wrong = []
    for stage, given, code, said in REFUSED:
        primary = "target" if stage == "ramp_down" else "source"
        sql(f"UPDATE changeover.control SET stage = '{stage}', primary_side = '{primary}'")
        shown = ask(*given, "--yes")
        text = f"{shown.result['message']} {shown.result['hint']}"
        now = sql("SELECT stage, (SELECT count(*) FROM changeover.event) FROM changeover.control")
        if (shown.code, now) != (code, [(stage, 0)]) or said not in text:
            wrong.append((given, shown, now))
    assert wrong == []


def test_every_command_asks_before_it_changes_anything(ask, live, sql):
    """Without a terminal and without --yes they end with 2; kill alone never asks."""
    for given in (
        ("stage", "back"),
        ("rollout", "set", "1%"),
        ("rollout", "add", LIST_KEY),
        ("shadow", "sample", "20%"),
        ("shadow", "clear"),
        ("unkill",),
    ):
        assert ask(*given).code == 2
    assert sql("SELECT count(*) FROM changeover.event") == [(0,)]
    assert ask("kill").code == 0


def test_readers_come_in_by_list_and_percentage(ask, live, sql):
    """Add, set, show, remove: keys are shown as hashes, and the control tables hold them."""
    added = ask("rollout", "add", LIST_KEY, "--yes")
    assert (added.code, added.result["listed"]) == (0, [hash_of(LIST_KEY)])
    dry = ask("rollout", "set", "5%", "--dry-run")
    assert (dry.code, dry.result["is_green"]) == (0, True)
    assert "target: rollout 0 % → 5 %" in dry.result["actions"]
    assert ask("rollout", "set", "5", "--yes").result["percent"] == 5
    assert ask("rollout", "set", "5%", "--group", "other", "--yes").result["group"] == "other"
    shown = ask("rollout", "show").result
    assert [step["percent"] for step in shown["steps"]] == [5, 5]
    assert sql("SELECT targeting_key FROM changeover.rollout_member") == [(LIST_KEY,)]
    assert ask("rollout", "remove", LIST_KEY, "--yes").result["listed"] == []
    details = [str(detail) for (detail,) in sql("SELECT detail FROM changeover.event")]
    assert len(details) == 5
    assert not any(LIST_KEY in detail for detail in details)


def test_status_and_a_gate_name_a_client_that_does_not_follow(ask, live, sql):
    """`status` lists it, its problem names it, and a raise is refused with 4."""
    told = {"id": "6b0a7e4e-0c1f-4f4e-9f7f-3a52d8b7c111", "name": "salon-bot", "seen": "older"}
    sql(f"SELECT changeover.poll('{json.dumps(told)}')")
    shown = ask("status")
    assert shown.code == 3
    (client,) = shown.result["clients"]
    assert (client["name"], client["condition"]) == ("salon-bot", "stale")
    assert any("salon-bot (6b0a7e4e)" in problem for problem in shown.result["problems"])
    assert "salon-bot" in ask("rollout", "set", "1%", "--yes").result["message"]


def test_the_shadow_report_ends_with_findings(ask, live, sql):
    """0 without a mismatch, 3 with one, by table, class and hash; cleared it begins anew."""
    assert ask("shadow", "report").code == 0
    mismatch = [{"table": "customer", "class": "order", "key_hash": "abc", "stage": "live"}]
    counts = {"customer": {"compared": 4, "equal": 3}}
    sql(
        "SELECT changeover.report_shadow(gen_random_uuid(),"
        f" '{json.dumps(counts)}', '{json.dumps(mismatch)}')"
    )
    found = ask("shadow", "report")
    assert (found.code, found.result["compared"], found.result["different"]) == (3, 4, 1)
    assert [one["key_hash"] for one in found.result["mismatches"]] == ["abc"]
    assert ask("shadow", "sample", "25%", "--yes").result == {"shadow_percent": 25.0}
    assert ask("shadow", "clear", "--dry-run").code == 0
    assert ask("shadow", "report").code == 3
    assert ask("shadow", "clear", "--yes").result == {"compared": 4, "mismatches": 1}
    assert ask("shadow", "report").code == 0


def killed(sql):
    """Return why the control tables say that reads are called back."""
    return sql("SELECT killed FROM changeover.rollout")[0][0]


def test_kill_writes_the_file_and_the_tables_and_unkill_undoes_both(ask, live, sql, place):
    """Both are turned, both are undone, each with its event; a second turn is no error."""
    dry = ask("kill", "--dry-run")
    assert [action.partition(":")[0] for action in dry.result["actions"]] == [
        "this machine",
        "target",
        "target",
    ]
    assert not (place / "kill").exists()
    done = ask("kill", "--reason", "slow answers")
    assert (done.code, done.result["is_file_changed"], done.result["control_error"]) == (
        0,
        True,
        None,
    )
    assert "slow answers" in (place / "kill").read_text(encoding="utf-8")
    assert killed(sql) == "slow answers"
    again = ask("kill")
    assert (again.code, again.result["is_file_changed"], again.result["was_killed"]) == (
        0,
        False,
        "slow answers",
    )
    undone = ask("unkill", "--yes")
    assert (undone.code, undone.result["is_file_there"], killed(sql)) == (0, False, None)
    events = sql("SELECT what FROM changeover.event ORDER BY event_id")
    assert events == [("kill",), ("kill",), ("unkill",)]


def test_once_the_target_is_primary_kill_says_that_reads_follow_it(say, live, sql):
    """The switch may be turned, and nobody is told that it calls reads back."""
    sql("UPDATE changeover.control SET stage = 'ramp_down', primary_side = 'target'")
    code, out, _ = say("kill")
    assert code == 0
    assert "reads follow it whatever the switch says" in out


@pytest.fixture
def away(live, place):
    """The target's address answers nobody."""
    (place / "target.dsn").write_text(
        "postgresql://app_owner@127.0.0.1:1/nothing", encoding="utf-8"
    )


def test_kill_holds_with_the_target_away(say, away, place):
    """The file is written first; it ends with 5 and says what holds and what does not."""
    code, out, err = say("kill")
    assert code == 5
    assert (place / "kill").exists()
    assert "read from the source on their next call" in out
    assert "the control tables were NOT turned" in out
    assert "when its last marker is older than 600 s" in out
    assert "changeover kill: again" in err
    code, _, err = say("unkill", "--yes")
    assert code == 5
    assert f"nothing was undone, and the kill file {place / 'kill'} stays" in err
    assert (place / "kill").exists()


def test_a_kill_that_reaches_nothing_is_an_error(say, away, place):
    """Without a kill file and with the target away nothing was done: 5, and the error says so."""
    text = (place / "changeover.toml").read_text(encoding="utf-8")
    (place / "changeover.toml").write_text(text.replace("kill_file", "#"), encoding="utf-8")
    code, _, err = say("kill")
    assert code == 5
    assert "error CO201" in err


def test_the_file_is_written_even_where_the_configuration_can_not_be_read(say, place, monkeypatch):
    """CHANGEOVER_KILL_SWITCH needs no configuration."""
    (place / "changeover.toml").write_text("not = [toml", encoding="utf-8")
    monkeypatch.setenv("CHANGEOVER_KILL_SWITCH", str(place / "switch"))
    code, out, _ = say("kill")
    assert code == 2
    assert (place / "switch").exists()
    assert "the control tables were NOT turned" in out


def test_a_file_that_can_not_be_written_does_not_keep_the_tables_from_it(ask, live, sql, place):
    """The tables are turned, the failure is said, and it ends with 1."""
    text = (place / "changeover.toml").read_text(encoding="utf-8")
    (place / "changeover.toml").write_text(
        text.replace('"kill"', '"missing/kill"'), encoding="utf-8"
    )
    done = ask("kill")
    assert done.code == 1
    assert "missing/kill" in done.result["file_error"]
    assert killed(sql) == "by hand"


def test_an_older_move_is_told_how_to_get_the_tables(ask, installed, sql):
    """Without the tables of the routing: 4, and the command that makes them; a gate stays green."""
    sql(
        "DROP TABLE changeover.rollout, changeover.client, changeover.rollout_member,"
        " changeover.rollout_step, changeover.shadow_count, changeover.shadow_mismatch CASCADE"
    )
    for given in (("stage", "next", "--yes"), ("rollout", "show"), ("shadow", "report")):
        shown = ask(*given)
        assert shown.code == 4
        assert "changeover capture install" in shown.result["hint"]
    shown = ask("status")
    gates = {gate["name"]: gate["is_green"] for gate in shown.result["gates"]}
    assert gates["clients"]
    assert ask("capture", "install", "--yes").code == 0
    assert ask("rollout", "show").code == 0
