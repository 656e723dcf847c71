"""The documents and the Makefile say the same, and every link leads somewhere."""

import os
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)")
MAKE_COMMAND = re.compile(r"(?:^\s*(?:\$ )?|`)make ([a-z]+)", re.MULTILINE)


def make_targets() -> set[str]:
    """Return the targets that the Makefile declares as commands."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    return set(phony.split()) - {"FORCE"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file(document):
    """A relative link of a document leads to a file of the checkout."""
    text = document.read_text(encoding="utf-8")
    dead = [link for link in LINK.findall(text) if not (document.parent / link).exists()]
    assert dead == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_make_command_exists(document):
    """A document names only targets that the Makefile has."""
    named = set(MAKE_COMMAND.findall(document.read_text(encoding="utf-8")))
    assert named - make_targets() == set()


def test_help_lists_every_target():
    """`make help` names every target of the Makefile with a sentence."""
    # The make that runs the tests would pass its own flags on.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    shown = subprocess.run(
        ["make", "help"], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    assert set(re.findall(r"^  ([a-z]+) +\w", shown.stdout, re.MULTILINE)) == make_targets()


def test_every_decision_has_a_number_of_its_own():
    """A decision is a page named by its own number of four digits and its title."""
    names = [path.name for path in (ROOT / "docs" / "decisions").glob("*.md")]
    assert [name for name in names if not re.match(r"\d{4}-[a-z0-9-]+\.md$", name)] == []
    numbers = Counter(name[:4] for name in names)
    assert {number: count for number, count in numbers.items() if count > 1} == {}


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (LINK, "see [it](docs/a.md#part) and [that](https://example.org)", ["docs/a.md"]),
        (MAKE_COMMAND, "    make demo\n`make test` or make do", ["demo", "test"]),
    ],
)
def test_the_searches_find_what_they_should(pattern, text, found):
    """Links and commands are found in the ways in which documents write them."""
    assert pattern.findall(text) == found
