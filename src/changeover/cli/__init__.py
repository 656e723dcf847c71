"""The command line: parses, calls, prints. What a verb does stands in the rooms below.

The parts are imported when their command runs, so that help and completion answer at once.
"""

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code.

    Args:
        arguments: The words after the program's name; those of the process if not given.

    Raises:
        SystemExit: Always.
    """
    from changeover.cli.application import run

    raise SystemExit(run(arguments))
