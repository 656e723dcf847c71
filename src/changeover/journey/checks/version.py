"""Versions of PostgreSQL that lose or bend something, as data. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLoss:
    """Something that some minor versions get wrong.

    Attributes:
        mended: By major version, the first minor that does it right.
        since: By major version, the first minor that does it wrong; 0 unless named.
        what: What happens.
    """

    name: str
    mended: Mapping[int, int]
    what: str
    since: Mapping[int, int]


KNOWN: Final = (
    KnownLoss(
        name="upsert-without-replica-identity",
        mended={15: 15, 16: 11, 17: 7},
        since={},
        what="INSERT … ON CONFLICT DO UPDATE into a published table is not checked for a replica"
        " identity, so subscribers can lose the change",
    ),
    KnownLoss(
        name="dump-runs-code",
        mended={13: 22, 14: 14, 15: 14, 16: 10, 17: 6},
        since={},
        what="a dump made by this version's pg_dump can run code in the psql that restores it"
        " (CVE-2025-8714): use a newer pg_dump",
    ),
    KnownLoss(
        name="concurrent-index-corruption",
        mended={14: 4},
        since={},
        what="CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY can leave rows out of an index:"
        " rebuild such indexes before keys are read through them",
    ),
    KnownLoss(
        name="commit-order-between-nodes",
        mended={17: 5},
        since={17: 4},
        what="on replicated clusters the order in which commits become visible differed between"
        " nodes: connect to the primary's own address only",
    ),
)


def known_losses(version: int) -> Iterator[KnownLoss]:
    """Yield what a server of this version gets wrong.

    Args:
        version: `server_version_num`, such as 160014.
    """
    major, minor = divmod(version, 10_000)
    for loss in KNOWN:
        if major in loss.mended and loss.since.get(major, 0) <= minor < loss.mended[major]:
            yield loss


def mended_in(loss: KnownLoss, version: int) -> str:
    """Return the first version of the same major that is free of a loss."""
    major = version // 10_000
    return f"{major}.{loss.mended[major]}"
