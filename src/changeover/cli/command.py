"""How a verb becomes a command: the flags that all have, and the one way in which all end."""

import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from changeover.cli.outcome import EPILOG, ExitCode, Outcome
from changeover.cli.session import Options, Session
from changeover.model.errors import ChangeoverError
from changeover.model.settings import refuse_password

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="PATH",
        help="The configuration file; ./changeover.toml where it exists.",
        show_default=False,
    ),
]
Source = Annotated[
    str,
    typer.Option(
        "--source",
        metavar="DSN",
        help="The old database: @file, service=name, or a URL without a password.",
        show_default=False,
    ),
]
Target = Annotated[
    str,
    typer.Option(
        "--target",
        metavar="DSN",
        help="The new database, in the same ways.",
        show_default=False,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document; progress as JSON lines on stderr.")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress and no notes; data and errors only.")
]
NoColor = Annotated[
    bool, typer.Option("--no-color", help="No colours; NO_COLOR and TERM=dumb say the same.")
]
Debug = Annotated[
    bool, typer.Option("--debug", help="Show the traceback of an unexpected error, without values.")
]

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print what would be done, statement by statement.")
]
Tables = Annotated[
    list[str] | None,
    typer.Option(
        "--table",
        metavar="SCHEMA.TABLE",
        help="Only this table; may be given several times.",
        show_default=False,
    ),
]

Verb = Callable[..., Outcome]

_EVERYWHERE: Final[dict[str, tuple[Any, Any]]] = {
    "config": (Config, None),
    "source": (Source, ""),
    "target": (Target, ""),
    "is_json": (Json, False),
    "is_quiet": (Quiet, False),
    "is_plain": (NoColor, False),
    "is_debug": (Debug, False),
}


def everywhere() -> list[inspect.Parameter]:
    """Return the flags that every command has, as parameters."""
    kind = inspect.Parameter.KEYWORD_ONLY
    return [
        inspect.Parameter(name, kind, default=default, annotation=annotation)
        for name, (annotation, default) in _EVERYWHERE.items()
    ]


def shape(run: Callable[..., None], parameters: list[inspect.Parameter], text: str) -> None:
    """Give a function the signature and the text that the command line is made from."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    context = inspect.Parameter("context", kind, annotation=typer.Context)
    signature = inspect.Signature([context, *parameters])
    run.__signature__ = signature  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    run.__doc__ = text


def command(group: typer.Typer, name: str) -> Callable[[Verb], Verb]:
    """Make a function a command of a group.

    Args:
        group: Where it belongs.
        name: Its verb.

    Returns:
        A decorator. The function's first parameter is the session; the others are its own flags.
    """

    def register(function: Verb) -> Verb:
        _, *own = inspect.signature(function).parameters.values()

        def run(context: typer.Context, **values: Any) -> None:
            common = Options(**{key: values.pop(key) for key in _EVERYWHERE})
            before = context.obj if isinstance(context.obj, Options) else Options()
            words = context.command_path.split()[1:]
            session = Session(" ".join(words), common.over(before))
            raise typer.Exit(end(session, lambda: function(session, **values)))

        shape(run, [*own, *everywhere()], inspect.cleandoc(function.__doc__ or ""))
        group.command(name, epilog=EPILOG)(run)
        return function

    return register


def end(session: Session, call: Callable[[], Outcome]) -> int:
    """Run a command and print how it ended.

    Args:
        session: What it was given.
        call: The command.

    Returns:
        The exit code of the process.
    """
    printer = session.printer
    try:
        with session.exits:
            for flag in ("source", "target"):
                refuse_password(getattr(session.options, flag), f"--{flag}")
            outcome = call()
        printer.outcome(outcome)
    except ChangeoverError as error:
        printer.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        printer.interrupted()
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    except Exception as error:  # noqa: BLE001 - the edge of the program: what it is, is said
        return printer.unexpected(error, is_debug=session.options.is_debug)
    return outcome.exit_code


def _reader_left() -> int:
    """Return the exit code when whoever read our output is gone, and write no more to it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.ERROR


def group(parent: typer.Typer, name: str, text: str) -> typer.Typer:
    """Return a new group of verbs.

    Args:
        parent: Where it belongs.
        name: Its word.
        text: Its help.
    """
    made = typer.Typer(no_args_is_help=True, help=text, epilog=EPILOG)
    parent.add_typer(made, name=name)
    return made
