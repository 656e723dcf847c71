"""Writes the generated pages of docs/reference: `python docs/generate.py`."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import typer

from changeover.cli.application import PROGRAM, application
from changeover.cli.command import everywhere
from changeover.cli.configuration import LIBPQ_NAMES, PLAIN_NAMES, PUBLIC_PREFIXES
from changeover.cli.outcome import EXIT_TEXTS
from changeover.cli.template import documented_settings, section_text
from changeover.gateway.postgrest_key import KEYS
from changeover.journey.check import proofs
from changeover.model.errors import ChangeoverError
from changeover.model.fault import ENVIRONMENT_NAME
from changeover.model.routing_settings import KILL_SWITCH_NAME, STAGE_FILE_NAME, STAGE_NAME
from changeover.model.row_errors import RowError
from changeover.model.settings import GATEWAY_NAME, MIRROR_NAMES, SOURCE_NAMES, TARGET_NAMES

sys.path.insert(0, str(Path(__file__).parent))

import compatibility

REFERENCE: Final = Path(__file__).parent / "reference"
NOTE: Final = "<!-- Written by docs/generate.py; change the code, then run it again. -->\n"
COMMON: Final = frozenset(parameter.name for parameter in everywhere())


def cell(text: object) -> str:
    """Return a text as it may stand in a cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def table(heads: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cell(text) for text in line)} |\n" for line in lines)


def walk(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command below a group with its words, in the program's order."""
    for name, inner in command.commands.items():
        if hasattr(inner, "commands"):
            yield from walk(inner, (*words, name))
        else:
            yield (*words, name), inner


def flags(parameters: list[Any]) -> str:
    """Return a table of flags and arguments."""
    rows = []
    for parameter in parameters:
        is_flag = getattr(parameter, "is_flag", False)
        metavar = "" if is_flag else f" {parameter.metavar or parameter.name.upper()}"
        names = ", ".join([*parameter.opts, *parameter.secondary_opts])
        rows.append([f"`{names}{metavar}`", getattr(parameter, "help", "") or ""])
    return table(["flag", "what it does"], rows)


def commands_page() -> str:
    """Return the page of commands."""
    program = typer.main.get_command(application())
    common = [p for p in program.params if p.name in COMMON]
    before = [p for p in program.params if p.name not in COMMON]
    parts = [
        "# Commands\n\n",
        NOTE,
        "\nData goes to stdout, progress and errors to stderr. A command that changes a database ",
        "has `--dry-run`, and asks unless `--yes` is given; where nobody can be asked, it ends ",
        "with 2. A password on the command line is refused.\n",
        "\n## Exit codes\n\n",
        table(["code", "meaning"], [[str(int(c)), text] for c, text in EXIT_TEXTS.items()]),
        "\n## Flags of every command\n\nThey stand before the verb or behind it.\n\n",
        flags(common),
        "\n## Flags of the program\n\n",
        flags(before),
        "\n## `--json`\n\nOne document on stdout:\n",
        '`{"version": 1, "command": "…", "ok": true, "result": …, "next_steps": ["…"]}`, or\n',
        '`{"version": 1, "command": "…", "ok": false, "error": {"code": "CO…", "message": "…", ',
        '"hint": "…"}}`.\nTimes are ISO 8601, durations seconds. Progress on stderr is one JSON ',
        "object per line,\nwith `event` and `at`.\n",
    ]
    for words, command in walk(program):
        own = [p for p in command.params if p.name not in COMMON and p.name != "help"]
        parts.append(f"\n## `{PROGRAM} {' '.join(words)}`\n\n{command.help.strip()}\n")
        parts.append(f"\n{flags(own)}" if own else "")
    return "".join(parts)


def settings_page() -> str:
    """Return the page of settings."""
    parts = [
        "# Settings\n\n",
        NOTE,
        "\n`changeover init` writes them all, commented, into `changeover.toml`. A flag comes ",
        "before the environment, the environment before the file. `changeover config show` says ",
        "which was used.\nRelative paths in the file are taken from the file's directory, those ",
        "in flags and in the environment from the working directory.\n",
        "\n## Naming a database\n\n",
        "`@file` reads the connection string from a file (mode 0600), `service=name` uses libpq's ",
        "`pg_service.conf`, a URL or keyword string is taken as it is. For a server that is not ",
        "on this machine use `sslmode=verify-full` with `sslrootcert`.\n\n",
    ]
    sections: dict[str, list[list[str]]] = {}
    for one in documented_settings():
        row = [f"`{one.name}`", one.type, f"`{one.default}`", one.text]
        sections.setdefault(one.section, []).append(row)
    for section, rows in sections.items():
        head = f"`[{section}]`\n\n{section_text(section)}" if section else "Top level"
        parts += [f"\n## {head}\n\n", table(["key", "holds", "default", "meaning"], rows)]
    return "".join([*parts, environment_part()])


def environment_part() -> str:
    """Return the part about names in the environment."""
    mirrors = [
        [f"`{name}`", f"the mirror's own role on the {s}"] for s, name in MIRROR_NAMES.items()
    ]
    rows = [
        *(
            [f"`{name}`", f"the source database, {place}. choice"]
            for place, name in enumerate(SOURCE_NAMES, 1)
        ),
        *(
            [f"`{name}`", f"the target database, {place}. choice"]
            for place, name in enumerate(TARGET_NAMES, 1)
        ),
        *mirrors,
        [f"`{GATEWAY_NAME}`", "the role that the gateway logs in as"],
        [
            f"`{ENVIRONMENT_NAME}`",
            "fault points that tests arm; every command that uses a database warns of it",
        ],
        [
            f"`{KILL_SWITCH_NAME}`",
            "a file: while it exists, clients of the machine read from a primary source",
        ],
        [f"`{STAGE_FILE_NAME}`", "a file in which a client keeps the last known state"],
        [
            f"`{STAGE_NAME}`",
            "`off`: a client starts as if there were no move; for a target that is gone for good",
        ],
        ["`NO_COLOR`, `TERM=dumb`", "no colours"],
        [
            ", ".join(f"`{n}`" for n in LIBPQ_NAMES),
            "read by libpq, for both sides, where a connection string is silent",
        ],
        [
            ", ".join(f"`{n}`" for n in PLAIN_NAMES),
            "shown by `config show`, masked; the gateway takes its keys from them",
        ],
        [
            ", ".join(f"`{n}…`" for n in PUBLIC_PREFIXES),
            "public in a build: `config show` ends with 3 when a secret stands behind one",
        ],
    ]
    return f"\n## Environment\n\n{table(['name', 'meaning'], rows)}"


def errors(base: type[ChangeoverError]) -> Iterator[type[ChangeoverError]]:
    """Yield an error of the tree and all below it."""
    yield base
    for child in base.__subclasses__():
        if child.__module__.startswith("changeover."):
            yield from errors(child)


def errors_page() -> str:
    """Return the page of errors."""
    known = sorted({*errors(ChangeoverError), *errors(RowError)}, key=lambda error: error.code)
    rows = [
        [f"`{e.code}`", f"`{e.__name__}`", str(e.exit_code), (e.__doc__ or "").partition("\n")[0]]
        for e in known
    ]
    text = (
        "\nPrinted as `error CODE: fact`, then `next: what to do`. A code is never used again for "
        "another fact. None holds a cell's value, a password or a connection string.\n\n"
    )
    return f"# Errors\n\n{NOTE}{text}{table(['code', 'error', 'exit code', 'fact'], rows)}"


def checks_page() -> str:
    """Return the page of checks."""
    text = (
        "\n`changeover check` looks at all of these on every run; a pass is counted, anything else "
        "is printed with its code, what is so, and the fix. How heavy a finding is (`refuse`, "
        "`warn`, `note`) depends on what was found. What could not be looked at refuses. "
        "[How to answer](../howto/answer-what-check-asks.md) says what to do about one.\n"
    )
    groups: dict[str, list[list[str]]] = {}
    for code, proof in proofs().items():
        groups.setdefault(code.split("-")[1], []).append([f"`{code}`", proof])
    tables = [
        f"\n## {name.capitalize()}\n\n{table(['code', 'a pass proves'], rows)}"
        for name, rows in groups.items()
    ]
    return "".join(["# Checks\n\n", NOTE, text, *tables])


def compatibility_page() -> str:
    """Return the page of the language's rules."""
    text = (
        "\nChangeover speaks the language of PostgREST 16. Each row is a rule of it with the cases "
        "of `tests/conformance` that show it; sections are those of PostgREST's language as the "
        "suite orders them: 2 resources and verbs, 3 the query string, 4 embedding, 5 mutations, "
        "6 functions, 7 ranges, counts and headers, 8 roles and settings, 9 errors, 12 the text of "
        "answers. Tiers 1 and 2 are complete, tier 3 comes last. "
    )
    heads = ["section", "rule", "what", "tier", "cases", "supported"]
    body = table(heads, compatibility.rows())
    return f"# PostgREST compatibility\n\n{NOTE}{text}{compatibility.summary()}\n\n{body}"


def postgrest_page() -> str:
    """Return the page of PostgREST's settings."""
    text = (
        "\nWhat `changeover gateway` makes of the settings of PostgREST 16. "
        "[How to start with them](../howto/start-with-postgrests-configuration.md). In the "
        "environment a name is `PGRST_` and capitals; settings marked as the database's may be set "
        "there too, as `pgrst.` with underscores. `app.settings.*` reach every transaction.\n\n"
    )
    rows = [
        [
            f"`{key.name}`" + (f" (old: `{key.old}`)" if key.old else ""),
            key.default,
            key.text,
            "yes" if key.is_in_database else "",
            "yes" if key.is_served else "**no effect**",
        ]
        for key in KEYS
    ]
    heads = ["name", "default", "meaning", "in the database too", "served"]
    return f"# PostgREST's configuration\n\n{NOTE}{text}{table(heads, rows)}"


PAGES: Final[dict[str, Callable[[], str]]] = {
    "commands.md": commands_page,
    "settings.md": settings_page,
    "errors.md": errors_page,
    "checks.md": checks_page,
    "postgrest-configuration.md": postgrest_page,
    "postgrest-compatibility.md": compatibility_page,
}


def main() -> None:
    """Write the pages."""
    REFERENCE.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
