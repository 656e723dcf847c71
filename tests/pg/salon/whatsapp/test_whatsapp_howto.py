"""The programs of the page on sessions run as they are printed."""

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

from gateway_process import token

from salon.whatsapp import Settings

PAGE = Path(__file__).parents[4] / "docs" / "howto" / "keep-whatsapp-sessions.md"
LAST = """
print(many, keys, store.open("990002").get("pre-key", ["5"]), found.health.status, found.deleted)
database.close()
"""


def test_the_programs_run_one_after_the_other(make_way, whatsapp_databases, make_gateway):
    """The page's programs run in its order, and print what the page says."""
    target, _ = make_way("repositories"), make_way("client")
    login = whatsapp_databases["client"].dsn_of("authenticator")
    text = PAGE.read_text(encoding="utf-8")
    programs = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([*programs, LAST])],
        env={
            **os.environ,
            "SUPABASE_URL": make_gateway(login).url,
            "SUPABASE_KEY": token("service_role"),
            "DATABASE_URL": target.database.dsn,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    read, last = done.stdout.splitlines()
    assert f'print(session.get("pre-key", ["4", "5"]))  # {read}' in text
    assert last == "0 {} {'5': {'public': b'\\x01\\x02'}} healthy 0"
    assert set(target.keys()) == {("pre-key", "5")}


def test_the_page_names_every_setting():
    """The page's table has every setting, and no other."""
    text = PAGE.read_text(encoding="utf-8").partition("## Settings")[2]
    assert re.findall(r"^\| `(\w+)`", text, re.MULTILINE) == [one.name for one in fields(Settings)]
