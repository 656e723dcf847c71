"""The programs of the how-to run as they are printed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "howto" / "keep-your-supabase-py-code.md"
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("at", range(len(PROGRAMS)))
def test_a_program_runs(at, client_database, scene, secret):
    """A program of the page ends well, and what it prints of the database is there."""
    scene.fill()
    environment = {
        **os.environ,
        "DATABASE_URL": client_database.dsn_of("authenticator"),
        "SUPABASE_URL": "https://project.example",
        "SUPABASE_KEY": scene.keys["anon"],
        "SUPABASE_JWT_SECRET": secret,
        "SUPABASE_SECRET_KEY": "sb_secret_" + "planted",
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAMS[at]],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    if "print(" in PROGRAMS[at]:
        assert json.loads(done.stdout.replace("'", '"')) == [{"id": 1, "name": "Anna"}]


def test_the_page_has_programs():
    """The page shows both colours and a login that can't become others."""
    assert len(PROGRAMS) == 3
