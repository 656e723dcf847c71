"""The limits of a data layer."""

from dataclasses import dataclass, fields

from salon.error import InvalidArgumentError


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The limits of a data layer.

    Attributes:
        max_limit: Rows of a limited read at the most. An API that cuts answers must not cut lower.
        default_limit: Rows where none are named.
        max_batch_rows: Rows of one bulk write at the most.
        health_timeout_ms: How long a health check may take, in milliseconds.
        query_timeout_ms: How long every other statement may take, in milliseconds.
    """

    max_limit: int = 1000
    default_limit: int = 100
    max_batch_rows: int = 500
    health_timeout_ms: int = 5000
    query_timeout_ms: int = 30000

    def __post_init__(self) -> None:
        """Refuse limits that nothing could keep.

        Raises:
            InvalidArgumentError: One is below 1, or the default is above the greatest limit.
        """
        for one in fields(self):
            value = getattr(self, one.name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise InvalidArgumentError(f"{one.name} must be a whole number from 1 on")
        if self.default_limit > self.max_limit:
            raise InvalidArgumentError(
                f"default_limit {self.default_limit} is above max_limit {self.max_limit}"
            )
