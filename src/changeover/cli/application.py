"""The program: its groups of verbs put together, and its way out of the process."""

import importlib
import inspect
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final

import typer

from changeover import __version__
from changeover.cli.command import everywhere, shape
from changeover.cli.outcome import EPILOG, ExitCode
from changeover.cli.printer import Printer, has_colors
from changeover.cli.session import Options

PROGRAM: Final = "changeover"

VERBS: Final = (
    "setup",
    "check",
    "schema",
    "capture",
    "copy",
    "mirror",
    "verify",
    "repair",
    "stage",
    "rollout",
    "shadow",
    "kill",
    "swap",
    "standing",
    "gateway",
)
"""The modules of verbs, in the order of a move."""


def _print_version(is_wanted: bool) -> None:  # noqa: FBT001 - the parser passes it by position
    if is_wanted:
        sys.stdout.write(f"{PROGRAM} {__version__}\n")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version", help="Print the version and end.", is_eager=True, callback=_print_version
    ),
]

HELP: Final = """Move a live application from Supabase to plain PostgreSQL, with a way back.

A move in order: init, check, schema apply, capture install, mirror run, copy run, verify,
stage next, rollout set, cutover, finish. `status` says what comes next, `kill` calls reads back,
`rollback` takes the authority back.
"""


def application() -> typer.Typer:
    """Return the whole program."""
    app = typer.Typer(
        name=PROGRAM,
        help=HELP,
        epilog=EPILOG,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_callback())
    for name in VERBS:
        importlib.import_module(f"changeover.cli.{name}").register(app)
    return app


def _callback() -> Callable[..., None]:
    """Return what runs before a verb: flags that stand in front of it hold for it too."""

    def before(context: typer.Context, **values: Any) -> None:
        values.pop("is_version")
        context.obj = Options(**values)

    kind = inspect.Parameter.KEYWORD_ONLY
    version = inspect.Parameter("is_version", kind, default=False, annotation=Version)
    shape(before, [*everywhere(), version], HELP)
    return before


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: The words after the program's name; those of the process if not given.

    Returns:
        The exit code of the process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    handler = signal.signal(signal.SIGTERM, _interrupt)
    try:
        program = typer.main.get_command(application())
        return int(program.main(words, prog_name=PROGRAM, standalone_mode=False) or 0)
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the edge of the program: what it is, is said
        return _misunderstood(error, words)
    finally:
        signal.signal(signal.SIGTERM, handler)


def _interrupt(_number: int, _frame: object) -> None:
    """Take SIGTERM like Ctrl-C, which lets the driver cancel what a server is doing for us."""
    raise KeyboardInterrupt


def _misunderstood(error: Exception, words: list[str]) -> int:
    """Print an error of the command line itself, which may quote a secret of it."""
    is_usage = hasattr(error, "format_message")
    context = getattr(error, "ctx", None)
    printer = Printer(
        " ".join(context.command_path.split()[1:]) if context else "",
        is_json="--json" in words,
        is_quiet=False,
        is_colored=has_colors(os.environ, is_refused="--no-color" in words),
    )
    if not is_usage:
        return printer.unexpected(error, is_debug="--debug" in words)
    text = str(getattr(error, "format_message")())  # noqa: B009
    if not text:
        sys.stderr.write(context.get_help() if context else "")
    else:
        printer.usage(text)
    return ExitCode.USAGE
