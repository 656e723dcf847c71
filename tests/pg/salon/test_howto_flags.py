"""The page on flags says what the code does, and its programs run as they are printed."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

from salon.flag import BACKENDS, PRIMARIES, SPELLINGS, VARIABLES, Flags
from salon.service import SERVICES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "howto" / "set-the-salons-flags.md"
TEXT = PAGE.read_text("utf-8")


def blocks(language):
    """Return the programs of the page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def table(heading):
    """Return the rows of the table that begins with a heading."""
    _, _, rest = TEXT.partition(f"| {heading} |")
    lines = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


def test_the_programs_run_one_after_the_other(pair, ready):
    """After the page's GRANTs its programs run as a role that owns nothing, in the page's order."""
    ready(pair, "CREATE TABLE public.note (id bigint PRIMARY KEY)")
    with pair.target.connect_as_superuser() as connection:
        connection.execute("CREATE ROLE salon LOGIN")
    with pair.target.connect() as connection:
        for statement in blocks("sql")[0].splitlines():
            connection.execute(statement)
    printed = "\n".join([*blocks("python"), "print(answer.as_json())"])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", printed],
        env={**os.environ, "TARGET_DATABASE_URL": pair.target.dsn_of("salon")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert ast.literal_eval(done.stdout) == {
        "service": "worker",
        "stage": "off",
        "primary": "source",
        "backend": "source",
        "pool": 5,
        "problems": [],
        "healthy": True,
    }


def test_the_tables_are_those_of_the_code():
    """Variables with their defaults, flags with their stages, services with their pools."""
    assert [row[:2] for row in table("variable")] == [
        [name, str(value).lower()] for name, value in zip(VARIABLES, Flags().values(), strict=True)
    ]
    assert table("service") == [
        [service.name, service.variable, str(service.pool)] for service in SERVICES
    ]
    assert all(f"`{spelling}`" in TEXT for spelling in SPELLINGS)


def test_the_table_of_stages_is_that_of_the_code():
    """Each row of flags names its first stage, who answers there and who is primary."""
    for legacy, repository, dual, stages, answered, primary in table("legacy"):
        if stages.startswith("refused"):
            continue
        flags = Flags(
            may_supabase_answer=legacy == "true",
            may_postgres_answer=repository == "true",
            is_mirrored=dual == "true",
        )
        assert re.findall(r"[a-z_]{3,}", stages.replace("then", "")) == list(flags.stages)
        assert answered.split(";")[0] == BACKENDS[flags.stages[0]]
        assert primary == PRIMARIES[flags.stages[0]]
