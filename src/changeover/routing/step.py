"""What a request waits for on its way: the steps that each colour takes in its own manner."""

from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeAlias

from changeover.engine.message import Message, Reply
from changeover.model.side import Side


@dataclass(frozen=True, slots=True)
class Ask:
    """The step that asks a side, for as long as it takes; its value is the answer."""

    side: Side
    message: Message


@dataclass(frozen=True, slots=True)
class Try:
    """The step that asks the target for so long only; its value is the answer, or None.

    `False` comes back where too many reads wait there already.
    """

    message: Message
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Await:
    """The step that waits for the link for so long; its value is what it tells, or None."""

    future: "Future[Any]"
    timeout_s: float


Step: TypeAlias = Ask | Try | Await
Steps: TypeAlias = Generator[Step, Any, Reply]
