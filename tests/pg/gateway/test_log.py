"""What a gateway writes down."""

import subprocess

import httpx
from gateway_process import PROGRAM, SECRET_KEY, token, wait_for
from psycopg.conninfo import conninfo_to_dict

VALUE = "planted-cell-value"


def test_no_value_is_written_down(make_gateway, login):
    """Values in paths, queries, bodies, headers, rows and errors leave no trace; nor do secrets."""
    api = make_gateway(login, table="")
    with api.client() as client:
        client.post("/item", json={"id": 5, "name": VALUE})
        client.get(f"/item?name=eq.{VALUE}&or=(name.eq.{VALUE},id.eq.5)")
        client.get(f"/item/{VALUE}?{VALUE}")
        client.get(f"/item?id=eq.{VALUE}")
        client.post("/item", json={"id": 5, "name": VALUE})
        client.post("/item", content=f'{{"name": "{VALUE}')
        client.get("/item", headers={"apikey": VALUE})
        client.get("/item", headers={"authorization": f"Bearer {token('nobody', sub=VALUE)}"})
        client.get(f"/rpc/told?name={VALUE}", headers={"x-value": VALUE})
        client.get(f"/auth/v1/verify?token={VALUE}")
        client.get("/item", headers={"x-long": VALUE * 5_000})
        wait_for(lambda: len(api.events("request")) >= 10, what="the lines")
    api.stop()
    password = conninfo_to_dict(login)["password"]
    assert [text for text in (VALUE, password, SECRET_KEY) if text in api.text()] == []


def test_a_line_tells_what_happened(make_gateway, login):
    """Verb, path, keys, status, bytes, time and role of each request."""
    api = make_gateway(login, table="")
    with api.client() as client:
        answer = client.get("/rest/v1/item?select=id&id=eq.1")
        (line,) = wait_for(lambda: api.events("request"), what="the line")
    assert line.pop("ms") > 0
    assert line.pop("at")
    assert line == {
        "event": "request",
        "method": "GET",
        "path": "/rest/v1/item",
        "query": ["select", "id"],
        "status": 200,
        "bytes": len(answer.content),
        "role": "service_role",
    }


def test_the_log_level_is_postgrests(make_gateway, login):
    """With `log-level = warn` what went well is not logged."""
    api = make_gateway(login, settings={"PGRST_LOG_LEVEL": "warn"})
    with api.client() as client:
        client.get("/item")
        client.get("/nowhere")
        wait_for(lambda: api.events("request"), what="the line")
    api.stop()
    assert [line["status"] for line in api.events("request")] == [404]


def test_the_log_is_not_waited_for(login, tmp_path):
    """A reader of the log who goes away does not keep anybody from an answer."""
    dsn = tmp_path / "dsn"
    dsn.write_text(login, encoding="utf-8")
    process = subprocess.Popen(
        [PROGRAM, "gateway"],
        cwd=tmp_path,
        env={"PGRST_DB_URI": f"@{dsn}", "PGRST_SERVER_PORT": "0", "PGRST_LOG_LEVEL": "info"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        url = process.stderr.readline().split()[-1]
        process.stderr.close()
        answers = [httpx.get(f"{url}/nowhere", trust_env=False).status_code for _ in range(3)]
        assert answers == [401] * 3
    finally:
        process.terminate()
        assert process.wait(60) == 0
