"""The `Warning` that an old way of naming an embed earns."""

from collections.abc import Iterator
from typing import Final

from changeover.engine.plan_value import ReadNode

PRODUCT: Final = "PostgRESTv16.2"
"""Who warns, as PostgREST names itself."""


def warning(root: ReadNode) -> str:
    """Return the `Warning` that names of targets beside an alias earn; empty where there is none.

    Args:
        root: A resolved tree.
    """
    changes = ", ".join(f"`{one.legacy_name}` to `{one.name}`" for one in _legacy(root))
    if not changes:
        return ""
    return (
        f'299 {PRODUCT} "Embedded resource was referenced by relation name even though it has an'
        " alias. This is deprecated and will stop working in a future release. Update"
        f' {changes} in query string filters, orders or limits."'
    )


def _legacy(node: ReadNode) -> Iterator[ReadNode]:
    if node.legacy_name:
        yield node
    for child in node.children:
        yield from _legacy(child)
