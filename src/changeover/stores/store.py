"""What every store does, in two colours."""

from typing import Protocol

from changeover.engine.message import Message, Reply


class Store(Protocol):
    """Answers messages; safe to be called from several threads at once."""

    def send(self, message: Message) -> Reply:
        """Answer a message; what went wrong is an answer too."""
        ...

    def close(self) -> None:
        """Release what the store opened itself; may be called twice."""
        ...


class AsyncStore(Protocol):
    """Answers messages; safe to be called from several tasks of one loop at once."""

    async def send(self, message: Message) -> Reply:
        """Answer a message; what went wrong is an answer too."""
        ...

    async def close(self) -> None:
        """Release what the store opened itself; may be called twice."""
        ...
