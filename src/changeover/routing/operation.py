"""What a request asks, and of what, for those who count: by its verb and path alone.

The name is as the path says it. Whoever shows it must know first that it is a name: anybody may
write a telephone number there.
"""

from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote

from changeover.engine.message import Message
from changeover.model.routing_observation import Operation

_VERBS: Final = {
    "GET": Operation.SELECT,
    "HEAD": Operation.SELECT,
    "POST": Operation.INSERT,
    "PATCH": Operation.UPDATE,
    "PUT": Operation.UPSERT,
    "DELETE": Operation.DELETE,
}
_FUNCTIONS: Final = "/rpc/"


class Named(NamedTuple):
    """What is asked.

    Attributes:
        table: A table, or a function as `rpc/name`; empty for the root.
        operation: What is asked of it.
    """

    table: str
    operation: Operation


def named(message: Message) -> Named:
    """Return what a request asks.

    Args:
        message: The request.
    """
    found = _named(message.method, message.path)
    if found.operation is Operation.INSERT and _is_upsert(message):
        return Named(found.table, Operation.UPSERT)
    return found


def _is_upsert(message: Message) -> bool:
    prefer = message.list_header("prefer")
    return prefer is not None and "resolution=" in prefer


@lru_cache(maxsize=1024)
def _named(method: str, path: str) -> Named:
    table = unquote(path.strip("/"))
    if path.startswith(_FUNCTIONS):
        return Named(table, Operation.CALL)
    return Named(table, _VERBS.get(method, Operation.OTHER) if table else Operation.OTHER)
