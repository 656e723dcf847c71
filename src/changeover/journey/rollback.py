"""Rollback: cutover backwards, without losing what was written since."""

from changeover.journey.cutover import rollback

__all__ = ["rollback"]
