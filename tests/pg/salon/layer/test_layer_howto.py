"""The programs of the page on the data layer run as they are printed."""

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

from gateway_process import token

from salon.layer import Settings

PAGE = Path(__file__).parents[4] / "docs" / "howto" / "use-the-salons-data-layer.md"
LAST = """
print(client_row is None, len(services), sorted(shape), layer.get_company(990001)["currency"])
"""


def test_the_programs_run_one_after_the_other(scene):
    """The page's programs run in its order, and print what the page says."""
    text = PAGE.read_text(encoding="utf-8")
    programs = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([*programs, LAST])],
        env={
            **os.environ,
            "SUPABASE_URL": scene.gateway.url,
            "SUPABASE_KEY": token("service_role"),
            "DATABASE_URL": scene.repositories.database.dsn,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    refused, last = done.stdout.splitlines()
    assert f"print(error.message)  # {refused}" in text
    assert last.startswith("True ")
    assert "['companyId', 'data', 'error', 'includeInactive', 'operation', 'staffCount'" in last
    assert last.endswith(" RUB")


def test_the_page_names_every_setting():
    """The page's table has every setting with its default."""
    text = PAGE.read_text(encoding="utf-8")
    for one in fields(Settings):
        assert f"| `{one.name}` | {one.default} |" in text
