"""Verification: the comparison of both sides, range by range, on live traffic.

Shares nothing with copy and mirror but the database, the catalog and the control state: who carries
rows must not be who judges them.
"""

from changeover.transfer.verify.divergence import Divergence, Kind
from changeover.transfer.verify.report import (
    OrphanCount,
    SequenceNote,
    TableReport,
    VerifyReport,
)
from changeover.transfer.verify.run import verify, watch

__all__ = [
    "Divergence",
    "Kind",
    "OrphanCount",
    "SequenceNote",
    "TableReport",
    "VerifyReport",
    "verify",
    "watch",
]
