"""The reference says what the code does."""

import importlib.util
from pathlib import Path

import msgspec
import pytest

from changeover.gateway.postgrest_key import KEYS
from changeover.journey.check import codes
from changeover.model import errors, row_errors
from changeover.model.settings import Settings

DOCS = Path(__file__).resolve().parents[2] / "docs"


def load_generator():
    """Return the script that writes the reference, as a module."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATE = load_generator()


def read(name):
    """Return a page of the reference."""
    return (DOCS / "reference" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", GENERATE.PAGES)
def test_a_page_is_up_to_date(name):
    """A page is what docs/generate.py writes now."""
    assert read(name) == GENERATE.PAGES[name](), "run: .venv/bin/python docs/generate.py"


def program():
    """Return the program as its parser sees it."""
    return GENERATE.typer.main.get_command(GENERATE.application())


def test_every_flag_is_documented():
    """Every flag of every command stands in the reference with a sentence."""
    page = read("commands.md")
    for words, command in GENERATE.walk(program()):
        (section,) = page.split(f"\n## `changeover {' '.join(words)}`\n")[1:]
        own = section.partition("\n## ")[0]
        for parameter in command.params:
            if parameter.name == "help":
                continue
            assert parameter.help, f"{words}: {parameter.name} has no help"
            place = page if parameter.name in GENERATE.COMMON else own
            assert all(flag in place for flag in parameter.opts), (words, parameter.opts)


def test_every_command_has_a_text():
    """Every command and every group says what it does."""

    def silent(command, words=()):
        for name, inner in getattr(command, "commands", {}).items():
            if not (inner.help or "").strip():
                yield (*words, name)
            yield from silent(inner, (*words, name))

    assert list(silent(program())) == []


def test_every_setting_is_documented():
    """Every setting stands in the reference beneath its table."""
    page = read("settings.md")
    for name, value in msgspec.to_builtins(Settings()).items():
        if not isinstance(value, dict):
            assert f"| `{name}` |" in page
            continue
        (section,) = page.split(f"\n## `[{name}]`\n")[1:]
        documented = section.partition("\n## ")[0]
        assert [key for key in value if f"| `{key}` |" not in documented] == []


def test_every_error_is_documented():
    """Every code of the tree stands in the reference once, with its class and exit code."""
    page = read("errors.md")
    known = [
        error
        for error in (*vars(errors).values(), *vars(row_errors).values())
        if isinstance(error, type) and issubclass(error, errors.ChangeoverError)
    ]
    assert known
    for error in known:
        assert page.count(f"| `{error.code}` | `{error.__name__}` | {error.exit_code} |") == 1


def test_every_check_is_documented():
    """Every code of a finding stands in the reference once."""
    page = read("checks.md")
    assert [code for code in codes() if page.count(f"| `{code}` |") != 1] == []


def test_every_rule_of_the_language_is_documented():
    """Every rule of PostgREST's language stands in the reference once."""
    page = read("postgrest-compatibility.md")
    names = [rule.id for rule in GENERATE.compatibility.rules()]
    assert names
    assert [name for name in names if page.count(f"| `{name}` |") != 1] == []


def test_every_setting_of_postgrest_is_documented():
    """Every name that the gateway reads, old or new, stands in its page."""
    page = read("postgrest-configuration.md")
    names = [name for key in KEYS for name in (key.name, key.old) if name]
    assert [name for name in names if f"`{name}`" not in page] == []
