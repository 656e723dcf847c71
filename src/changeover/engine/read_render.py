"""Reads as SQL."""

from changeover.engine.plan_value import ReadNode, ReadPlan
from changeover.engine.sql import Fragment
from changeover.engine.syntax import Work


def work(plan: ReadPlan) -> Work:
    """Return the statements of a read."""
    raise NotImplementedError


def select(root: ReadNode) -> Fragment:
    """Return the query of a tree; over a MUTATION or CALL it reads from `envelope.SOURCE`."""
    raise NotImplementedError


def count(root: ReadNode) -> Fragment:
    """Return `SELECT 1 …` over the rows of a tree's root without its window."""
    raise NotImplementedError
