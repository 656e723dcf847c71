"""A gateway that routes, in front of one that plays Supabase and the target."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from free_port import free_port
from gateway_process import JWT_SECRET, token, wait_for
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from routed import LISTED

from changeover.control.swap import Kind
from changeover.model.side import Side

sys.path.insert(0, str(Path(__file__).parents[2] / "client"))

from npm_folder import NODE, install

JAVASCRIPT = Path(__file__).parents[2] / "client" / "javascript"

KEYED = {"Changeover-Targeting-Key": LISTED}
BODY = "a planted value"


def as_a_client(key):
    """Return the headers that Supabase's clients send a key in."""
    return {"apikey": key, "authorization": f"Bearer {key}"}


@pytest.fixture
def make_routed(world, make_gateway):
    """A function that runs a gateway which routes in the world; it compares nothing unasked.

    The servers tell themselves apart: guard rails would rightly lower the rollout for that.
    """
    world.on(Side.TARGET, "UPDATE changeover.rollout SET shadow_percent = 0")

    def make(*, workers=1, dsn="", more=""):
        table = (
            f"admin_port = {free_port()}\nworkers = {workers}\n{more}\n"
            f'[routing]\nsource_url = "{world.url}"\npoll_ms = 50\nread_timeout_ms = 5000'
        )
        api = make_gateway(dsn or world.target_dsn, table=table)
        api.headers = as_a_client(token("service_role"))
        return api

    return make


def standing(api):
    """Return what `/ready` says."""
    return httpx.get(f"{api.admin_url}/ready", timeout=30, trust_env=False).json()


def obeys(world, api, stage, *, workers=1):
    """Wait until all workers have told that they have seen the present stage."""
    who = "SELECT count(*) FROM changeover.client WHERE stage = %s"
    wait_for(
        lambda: world.on(Side.TARGET, who, stage) == [(workers,)],
        what=f"{workers} in {stage}",
        seconds_max=20.0,
    )


def side(client, **headers):
    """Return who answers a read."""
    answer = client.get("/rest/v1/answered_by", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()[0]["side"]


def metric(text, name, **labels):
    """Return the value of a metric, summed over labels that are not named; None if it's missing."""
    found = []
    for line in text.splitlines():
        matched = re.match(rf"{name}(?:{{(.*)}})? (\S+)$", line)
        if matched:
            has = dict(re.findall(r'(\w+)="([^"]*)"', matched[1] or ""))
            if labels.items() <= has.items():
                found.append(float(matched[2]))
    return sum(found) if found else None


def metrics(api):
    """Return the metrics as text."""
    answer = httpx.get(f"{api.admin_url}/metrics", timeout=30, trust_env=False)
    assert answer.status_code == 200
    return answer.text


def test_before_live_the_source_answers_and_each_worker_is_a_client(world, make_routed):
    """Keys pass unchanged, reads and writes go to the source, and `/ready` says so."""
    api = make_routed(workers=2)
    obeys(world, api, "off", workers=2)
    with api.client() as client:
        assert side(client, **KEYED) == "source"
        assert client.post("/rest/v1/note", json={"id": 1}).status_code == 201
        stranger = as_a_client(token("nobody"))
        refused = client.delete("/rest/v1/note?id=eq.1", headers=stranger)
        direct = httpx.delete(f"{world.url}/note?id=eq.1", headers=stranger, trust_env=False)
        assert (refused.status_code, refused.content) == (direct.status_code, direct.content)
        assert refused.status_code == 401
    assert world.ids(Side.SOURCE) == [1]
    found = standing(api)
    assert (found["stage"], found["side"], found["primary"]) == ("off", "source", "source")
    names = world.on(Side.TARGET, "SELECT DISTINCT name FROM changeover.client")
    assert names == [(f"gateway on {socket.gethostname()}",)]


def test_in_live_the_header_names_whom_a_request_is_for(world, make_routed):
    """Listed keys read at the target; the others and whoever names nobody at the source."""
    world.set_stage("live", members=(LISTED,))
    api = make_routed()
    obeys(world, api, "live")
    with api.client() as client:
        wait_for(lambda: side(client, **KEYED) == "target", what="the target")
        assert side(client) == "source"
        assert side(client, **{"Changeover-Targeting-Key": "another"}) == "source"
        assert client.post("/rest/v1/note", json={"id": 1}).status_code == 201
        assert world.ids(Side.SOURCE) == [1]
        note = client.get("/rest/v1/note?select=id", headers=KEYED).json()
    assert note == [{"id": 1}]
    assert standing(api)["side"] == "mixed"


def test_after_a_cutover_the_target_answers_and_is_written_to(world, make_routed):
    """And after a rollback the source, without a restart."""
    world.set_stage("live", members=(LISTED,))
    api = make_routed()
    obeys(world, api, "live")
    with api.client() as client:
        world.swap(Kind.CUTOVER)
        assert client.post("/rest/v1/note", json={"id": 2}).status_code == 201
        assert world.ids(Side.TARGET) == [2]
        obeys(world, api, "ramp_down")
        assert side(client) == "target"
        assert standing(api)["side"] == "target"
        world.swap(Kind.ROLLBACK)
        assert client.post("/rest/v1/note", json={"id": 3}).status_code == 201
        assert world.ids(Side.SOURCE) == [2, 3]
        obeys(world, api, "live")
        assert side(client) == "source"


def test_whichever_worker_is_asked_tells_the_counts_of_all(world, make_routed):
    """Requests that two workers have answered are one sum, and the stage is told once."""
    world.set_stage("live", members=(LISTED,))
    api = make_routed(workers=2)
    obeys(world, api, "live", workers=2)
    count = 40
    for _ in range(count):
        with api.client() as client:
            side(client)
    for _ in range(4):
        text = metrics(api)
        answered = metric(text, "changeover_operations_total", stage="live", side="source")
        assert answered == count
        assert metric(text, "changeover_operation_duration_seconds_count", side="source") == count
        assert metric(text, "changeover_stage_info", stage="live") == 1
        assert metric(text, "changeover_stage_info", stage="off") == 0


def test_reads_are_compared_behind_the_callers_back(world, make_routed):
    """In `shadow` the target runs them too, and the metrics say what came of it."""
    world.set_stage("shadow")
    world.on(Side.TARGET, "UPDATE changeover.rollout SET shadow_percent = 100")
    api = make_routed()
    obeys(world, api, "shadow")
    with api.client() as client:
        client.get("/rest/v1/note?select=id&order=id")
        wait_for(lambda: metric(metrics(api), "changeover_shadow_compared_total"), what="it")
        # The servers tell themselves apart here: a difference that is planted.
        side(client)
        wait_for(
            lambda: (
                metric(metrics(api), "changeover_shadow_mismatch_total", **{"class": "value"})
                or metric(metrics(api), "changeover_shadow_mismatch_total")
            ),
            what="the mismatch",
        )
    assert api.stop() == 0


def test_a_worker_that_has_died_is_counted_no_more_but_its_requests_are(world, make_routed):
    """What it said of the present goes with it, what it counted stays."""
    api = make_routed(workers=2)
    obeys(world, api, "off", workers=2)
    with api.client() as client:
        side(client)
    children = Path(f"/proc/{api.process.pid}/task/{api.process.pid}/children").read_text()
    first = int(children.split()[0])
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{first}").exists(), what="its end")
    wait_for(
        lambda: metric(metrics(api), "changeover_operations_total", side="source") == 1,
        what="the counts",
    )
    assert metric(metrics(api), "changeover_primary_info", side="source") == 1


def test_nothing_secret_is_told(world, make_routed):
    """Neither keys nor logins, neither targeting keys nor values stand in metrics or log."""
    world.set_stage("live", members=(LISTED,))
    api = make_routed()
    obeys(world, api, "live")
    with api.client() as client:
        client.post("/rest/v1/note", json={"id": 7, "body": BODY})
        for path in (f"/rest/v1/note?body=eq.{BODY}", "/rest/v1/+79990000000", "/rest/v1/a%20key"):
            client.get(path, headers=KEYED)
        wait_for(lambda: side(client, **KEYED) == "target", what="the target")
    said = metrics(api) + json.dumps(standing(api)) + api.text()
    password = conninfo_to_dict(world.target_dsn).get("password")
    for secret in (LISTED, BODY, token("service_role"), JWT_SECRET, "79990000000", "a key"):
        assert secret not in said
    assert not password or password not in said
    assert metric(said, "changeover_operations_total", table="note", op="insert") == 1
    assert metric(said, "changeover_operations_total", table="other") == 2
    assert [one["stage"] for one in api.events("stage_seen")][-1] == "live"


def test_a_target_that_is_away_does_not_keep_it_from_starting(world, make_routed):
    """Nothing is known of the stage but the default: the source answers, and it is ready."""
    api = make_routed(dsn=make_conninfo(world.target_dsn, port=free_port()))
    with api.client() as client:
        assert side(client, **KEYED) == "source"
    assert standing(api)["is_control_away"] is True
    assert httpx.get(f"{api.admin_url}/ready", trust_env=False).status_code == 200
    assert "the last known stage is served from meanwhile" in api.text()


def test_another_configuration_is_another_client(world, make_routed):
    """Read again at SIGUSR2, the old one takes leave, and the counts go on."""
    api = make_routed()
    obeys(world, api, "off")
    with api.client() as client:
        side(client)
        (before,) = world.on(Side.TARGET, "SELECT client_id FROM changeover.client")
        api.send(signal.SIGUSR2)
        wait_for(lambda: api.events("configuration_reloaded"), what="the configuration")
        after = "SELECT client_id FROM changeover.client"
        wait_for(lambda: world.on(Side.TARGET, after) not in ([], [before]), what="the new one")
        wait_for(lambda: before not in world.on(Side.TARGET, after), what="the old one's leave")
        side(client)
    assert metric(metrics(api), "changeover_operations_total", side="source") == 2


def test_one_that_stops_takes_leave(world, make_routed):
    """A deploy does not leave clients behind that nobody hears of."""
    api = make_routed(workers=2)
    obeys(world, api, "off", workers=2)
    assert api.stop() == 0
    assert world.on(Side.TARGET, "SELECT count(*) FROM changeover.client") == [(0,)]


def test_without_a_source_it_does_not_route(world, make_gateway):
    """There are no metrics of a routing, and `/ready` has nothing to say."""
    api = make_gateway(world.target_dsn, table=f"admin_port = {free_port()}")

    def ready():
        return httpx.get(f"{api.admin_url}/ready", timeout=30, trust_env=False)

    wait_for(lambda: ready().status_code == 200, what="readiness")
    assert ready().text == ""
    assert httpx.get(f"{api.admin_url}/metrics", trust_env=False).status_code == 404


def test_a_browser_may_send_the_key_and_reads_one_answer(world, make_routed):
    """A preflight allows the header; what the API behind says to browsers isn't said twice."""
    api = make_routed()
    origin = {"origin": "https://app.example"}
    with api.client() as client:
        asked = client.options(
            "/rest/v1/note",
            headers={
                **origin,
                "access-control-request-method": "GET",
                "access-control-request-headers": "apikey,changeover-targeting-key",
            },
        )
        assert "changeover-targeting-key" in asked.headers["access-control-allow-headers"]
        answer = client.get("/rest/v1/answered_by", headers=origin)
    names = [name.lower() for name, _value in answer.headers.raw]
    assert sorted(names) == sorted(set(names))
    assert answer.headers["access-control-allow-origin"] == "*"


def test_supabase_js_needs_one_line(world, make_routed):
    """The official client, its key set globally, reads and writes through every stage."""
    world.set_stage("live", members=(LISTED,))
    api = make_routed()
    obeys(world, api, "live")
    with api.client() as client:
        wait_for(lambda: side(client, **KEYED) == "target", what="the target")
    assert install(JAVASCRIPT) == 0, "npm could not install the client"
    command = [str(NODE), str(JAVASCRIPT / "run.mjs")]
    asked = {
        "url": api.url,
        "key": token("service_role"),
        "options": {"global": {"headers": KEYED}},
    }
    chains = (
        [["from", "answered_by"], ["select", "side"], ["single"]],
        [["from", "note"], ["insert", {"id": 5, "body": BODY}], ["select", "id"]],
        [["from", "note"], ["select", "id,body"]],
    )
    lines = "".join(json.dumps({**asked, "chain": chain}) + "\n" for chain in chains)
    done = subprocess.run(
        command, input=lines, capture_output=True, text=True, timeout=60, check=True
    )
    who, written, read = (json.loads(line) for line in done.stdout.splitlines())
    assert who["data"] == {"side": "target"}
    assert (written["status"], written["data"]) == (201, [{"id": 5}])
    assert read["data"] == [{"id": 5, "body": BODY}]
