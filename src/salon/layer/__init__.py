"""The salon's data layer: 21 methods, over the official client or over repositories.

`DataLayer` answers at once, `AsyncDataLayer` when it is awaited; `results` of both gives the
original result shape. Methods are written once, as generators of operations; backends turn an
operation into calls.
"""

from salon.layer.layer import AsyncDataLayer, AsyncResults, DataLayer, Results
from salon.layer.operation import Row
from salon.layer.result import Result
from salon.layer.setting import Settings

__all__ = [
    "AsyncDataLayer",
    "AsyncResults",
    "DataLayer",
    "Result",
    "Results",
    "Row",
    "Settings",
]
