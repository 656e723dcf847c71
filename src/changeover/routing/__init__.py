"""The application's side of the journey: where a call goes, and what happens to it in a swap."""

from changeover.routing.stage import Standing, read_stage
from changeover.routing.writer import Writer, Written

__all__ = ["Standing", "Writer", "Written", "read_stage"]
