"""What an operator can say to a process past every database: the kill switch, and the stage `off`.

Neither needs a database, a flag store or a console: whoever can write a file can stop the rollout,
and whoever can set a variable can start an application as if there were no move.
"""

import os
from collections.abc import Mapping

from changeover.control.kill_file import is_there
from changeover.model.errors import ConfigurationError
from changeover.model.routing_settings import KILL_SWITCH_NAME, STAGE_NAME
from changeover.model.side import Stage


def is_off(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether this process is told that there is no move, whatever it knew before.

    It is for a target that is gone for good: its control tables are gone with it, so that nobody
    else could tell a process that the source is the primary again.

    Args:
        environment: The process's environment.

    Raises:
        ConfigurationError: If it names another stage: every other one is told by the target alone.
    """
    stage = environment.get(STAGE_NAME, "")
    if stage in ("", Stage.OFF):
        return bool(stage)
    raise ConfigurationError(
        f"{STAGE_NAME} is {stage!r}, and only '{Stage.OFF}' can be said there",
        hint=f"unset {STAGE_NAME}; other stages are set by `changeover stage`",
    )


class Override:
    """The kill switch of this machine: a file that is looked at each time."""

    def __init__(self, path: str = "", environment: Mapping[str, str] = os.environ) -> None:
        """Take the place of the file.

        Args:
            path: Where it would be; empty for the environment's.
            environment: Names a file where the application does not; it comes first.
        """
        self.path = environment.get(KILL_SWITCH_NAME) or path

    def is_on(self) -> bool:
        """Return whether the file is there; one that can't be looked at counts as there."""
        return bool(self.path) and is_there(self.path)
