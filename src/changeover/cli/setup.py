"""`init` and `config show`: naming the move."""

import os
from typing import Any

import typer

from changeover.cli.command import command, group
from changeover.cli.configuration import (
    FILE_NAME,
    LIBPQ_NAMES,
    public_secrets,
    show_databases,
    show_environment,
    show_settings,
)
from changeover.cli.outcome import ExitCode, Grid, Outcome, cell
from changeover.cli.plain import plain
from changeover.cli.session import Session
from changeover.cli.template import template
from changeover.model.errors import ConfigurationError


def register(app: typer.Typer) -> None:
    """Add these verbs to the program."""
    command(app, "init")(init)
    configuration = group(app, "config", "What the move is configured to be.")
    command(configuration, "show")(show)


def init(session: Session) -> Outcome:
    """Write a commented changeover.toml; never overwrites one."""
    path = session.options.config or FILE_NAME
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigurationError(
            f"{path} exists already", hint="edit it, or name another with --config"
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"{path} can't be written: {error.strerror}", hint="name another with --config"
        ) from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(template())
    return Outcome(
        result={"path": path},
        blocks=[f"wrote {path}"],
        next_steps=[f"name both databases in {path}", "changeover check"],
    )


def show(session: Session) -> Outcome:
    """Show every setting and where it came from; passwords are masked.

    Ends with 3 when a secret stands under a name that a build makes public.
    """
    at = session.configuration
    databases, settings = show_databases(at), show_settings(at)
    environment, leaks = show_environment(at.environment), public_secrets(at.environment)
    findings = [f"{name} holds a secret, and its prefix puts it into browsers" for name in leaks]
    if any(at.environment.get(name) for name in LIBPQ_NAMES):
        session.printer.note("PG* names are read by libpq, for both sides, where a DSN is silent")
    return Outcome(
        result={
            "path": at.path,
            "databases": databases,
            "settings": settings,
            "environment": environment,
            "findings": findings,
        },
        blocks=[
            f"file: {at.path or 'none'}",
            _grid("databases", databases),
            _grid("settings", settings),
            *([_grid("environment", environment)] if environment else []),
            *(f"finding: {text}" for text in findings),
        ],
        exit_code=ExitCode.FINDINGS if findings else ExitCode.FINE,
        next_steps=[f"take the secret out of {name} and replace it" for name in leaks],
    )


def _grid(title: str, shown: list[Any]) -> Grid:
    rows = [[one.name, cell(plain(one.value)), one.origin] for one in shown]
    return Grid(title=title, columns=["name", "value", "from"], rows=rows)
