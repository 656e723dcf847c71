"""A WhatsApp session of the real library moves from source to target while its keys rotate."""

import json
import os

import pytest
import whatsapp_schema
from gateway_process import SECRET_KEY, wait_for

from changeover.embedded import binaries
from salon.demo.process import Clock, CommandLine
from salon.demo.scene import BY_ADMINISTRATOR, MIRROR_ROLE

COMPANY = "42"
KEYS = 728
SECONDS_MAX = 240.0
NEEDED = {"marker", "caught_up", "way_back_rehearsed"}
CONFIGURATION = """
state_directory = "state"
client_binaries = {programs}
[source]
dsn = "@source.dsn"
[target]
dsn = "@target.dsn"
mirror_dsn = "@mirror.dsn"
[move.answers]
"CK-VISIBLE-OPEN-POLICY public.whatsapp_auth" = "accepted: as on the source"
"CK-VISIBLE-OPEN-POLICY public.whatsapp_keys" = "accepted: as on the source"
[mirror]
heartbeat_ms = 250
"""
ROW = "company_id, key_type, key_id, value::text, created_at, updated_at, expires_at"
# Equal in value, in the text that the server writes, in JSON's type at every depth, in expiry.
EQUAL = """
SELECT count(*)
FROM public.whatsapp_keys AS k
JOIN jsonb_to_recordset(%s) AS b (key_type text, key_id text, value jsonb, expires_at timestamptz)
  USING (key_type, key_id)
WHERE k.company_id = %s AND k.value = b.value AND k.value::text = b.value::text
  AND k.expires_at = b.expires_at
  AND ARRAY(SELECT jsonb_typeof(v) FROM jsonb_path_query(k.value, 'strict $.**') AS v)
    = ARRAY(SELECT jsonb_typeof(v) FROM jsonb_path_query(b.value, 'strict $.**') AS v)
"""


@pytest.fixture
def command(pair, tmp_path):
    """The command line of a move between two databases, of which the source has the tables."""
    whatsapp_schema.create(pair.source)
    with pair.target.connect_as_superuser() as administrator:
        for grant in BY_ADMINISTRATOR:
            administrator.execute(grant)
    secrets = {
        "source": pair.source.dsn,
        "target": pair.target.dsn,
        "mirror": pair.target.dsn_of(MIRROR_ROLE),
    }
    for name, dsn in secrets.items():
        handle = os.open(tmp_path / f"{name}.dsn", os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(dsn)
    path = tmp_path / "changeover.toml"
    path.write_text(CONFIGURATION.format(programs=json.dumps(str(binaries(18)))))
    (tmp_path / "log").mkdir()
    return CommandLine(path, tmp_path / "log", faults="", clock=Clock(SECONDS_MAX))


def carry_out(command, *words, also=()):
    """Run a command that must be fine, or end with one of some other codes."""
    said = command.run(*words)
    assert said.exit_code in {0, *also}, f"{said.words}: {said.complaint}"
    return said.result


def is_green(command):
    """Whether the mirror has turned its gates green."""
    gates = command.run("gates").result.get("gates", ())
    return bool(gates) and not {one["name"] for one in gates if not one["is_green"]} & NEEDED


def rows(database, where="true"):
    """Return all keys of a database as text and moments, by key."""
    with database.connect() as connection:
        found = connection.execute(f"SELECT {ROW} FROM whatsapp_keys WHERE {where}").fetchall()
    return {(key_type, key_id): row for row in found for _, key_type, key_id, *_ in [row]}


def test_a_session_moves_while_its_keys_rotate(command, pair, make_baileys, gateway_of):
    """Every key is on the target as the library wrote it: bytes, types, expiry; none is lost."""
    old = gateway_of(pair.source.dsn_of("authenticator"))
    baileys = make_baileys()
    creds = baileys.do("open", url=old.url, key=SECRET_KEY, company=COMPANY)
    assert creds["noiseKey"]["private"]["$bytes"]
    assert baileys.do("fill") == KEYS
    baileys.do("begin")

    carry_out(command, "schema", "apply", "--yes", also=(3,))
    carry_out(command, "capture", "install", "--yes")
    with command.start("mirror", "run", name="mirror"):
        carry_out(command, "copy", "run", "--yes")
        wait_for(lambda: is_green(command), what="a green mirror", seconds_max=60)
        verified = carry_out(command, "verify")
        assert (verified["differences"], verified["unsettled"]) == (0, 0)
        before = baileys.do("written")
        carry_out(command, "cutover", "--yes")
        at_the_swap = rows(pair.source)
        new = gateway_of(pair.target.dsn, is_single_role=True)
        baileys.do("url", url=new.url)
        after = baileys.do("written")
        wait_for(lambda: baileys.do("written") >= after + 50, what="writes on the target")
        ended = baileys.do("end")

    assert ended["failed"] == []
    assert ended["refused"] > 0, "no write met the fence"
    assert before > 100, "too few writes for keys that rotate"
    loaded = baileys.do("load", key=SECRET_KEY, company=COMPANY)
    assert (loaded["missing"], loaded["different"]) == ([], [])
    assert (loaded["loaded"], loaded["creds"]) == (KEYS, True)

    books, after_swap = loaded["books"], rows(pair.target)
    assert len(after_swap) == KEYS
    with pair.target.connect() as connection:
        equal = connection.execute(EQUAL, (json.dumps(books), COMPANY)).fetchone()[0]
    assert equal == KEYS
    unchanged = {(one["key_type"], one["key_id"]) for one in books if one["at"] == old.url}
    assert unchanged, "every key was written again after the swap"
    assert {key: after_swap[key] for key in unchanged} == {
        key: at_the_swap[key] for key in unchanged
    }
    assert any(row[-1].microsecond % 1000 for row in after_swap.values())
