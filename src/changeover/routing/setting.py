"""What an application says of its routing: where the source's API is, what waits how long."""

from dataclasses import dataclass, fields
from typing import Final
from urllib.parse import urlsplit

from changeover.model.errors import ConfigurationError
from changeover.model.observation import Observer, ignore
from changeover.model.routing_settings import RoutingSettings
from changeover.routing.decider import Decider

REST_PATH: Final = "/rest/v1"
_PLAIN: Final = RoutingSettings()
"""What a library's client and a gateway's share has one default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How calls are routed between Supabase and PostgreSQL.

    Attributes:
        source_url: The project's URL, such as `https://<project>.supabase.co`, or that of its API.
        name: What `changeover status` calls this application; empty for the program's name.
        poll_ms: How often the stage is asked for.
        read_timeout_ms: The longest that a read waits for the target while the source could answer.
        reads_max: So many such reads at once; further ones go to the source.
        mirror_wait_ms_max: The longest that a write waits until the mirror has carried it.
        unknown_wait_s: So long a write without an answer may still be under way; until then, and
            until the mirror has answered afterwards, this process reads at the primary.
        breaker_failures: So many failed reads of the target in a row open the breaker.
        breaker_probe_ms: How often an open breaker lets a read through.
        shadow_queue_max: Most reads that wait to be compared; what is more is dropped and counted.
        shadow_values_file: Where the cells of settled differences are kept, a file of mode 0600;
            empty to keep none. They are somebody's data.
        guard_window_s: The window of the guard rails, in seconds.
        guard_error_rate_max: A larger share of errors lowers the rollout.
        guard_latency_ratio_max: A target slower than this many times the source lowers it.
        guard_mismatch_rate_max: A larger share of differing answers lowers it.
        kill_file: While a file of this name exists, reads go to the source; empty for the one that
            `CHANGEOVER_KILL_SWITCH` names.
        state_file: Where the last known state is kept; empty for the one that
            `CHANGEOVER_STAGE_FILE` names, else one in the user's own directory.
        decider: Decides in the place of the percentage, such as a provider of flags.
        observer: Told of every call and of what happens to it.
    """

    source_url: str
    name: str = ""
    poll_ms: int = _PLAIN.poll_ms
    read_timeout_ms: int = _PLAIN.read_timeout_ms
    reads_max: int = 32
    mirror_wait_ms_max: int = _PLAIN.mirror_wait_ms_max
    unknown_wait_s: float = 60.0
    breaker_failures: int = _PLAIN.breaker_failures
    breaker_probe_ms: int = _PLAIN.breaker_probe_ms
    shadow_queue_max: int = _PLAIN.shadow_queue_max
    shadow_values_file: str = _PLAIN.shadow_values_file
    guard_window_s: float = _PLAIN.guard_window_s
    guard_error_rate_max: float = _PLAIN.guard_error_rate_max
    guard_latency_ratio_max: float = _PLAIN.guard_latency_ratio_max
    guard_mismatch_rate_max: float = _PLAIN.guard_mismatch_rate_max
    kill_file: str = _PLAIN.kill_file
    state_file: str = _PLAIN.state_file
    decider: Decider | None = None
    observer: Observer = ignore

    def __post_init__(self) -> None:
        """Refuse what can't be routed by.

        Raises:
            ConfigurationError: If the URL is none, or a limit is not above zero.
        """
        parts = urlsplit(self.source_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError(
                "the source's URL is not one of http or https",
                hint="give the project's URL, such as https://<project>.supabase.co",
            )
        if parts.query or parts.fragment or parts.username:
            raise ConfigurationError(
                "the source's URL says more than where the API is",
                hint="leave out the query, the fragment and the login; keys belong to the client",
            )
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, int | float) and value <= 0:
                raise ConfigurationError(
                    f"the route's {one.name} is {value}", hint="give a number above zero"
                )

    @property
    def rest_url(self) -> str:
        """The URL of the source's API."""
        url = self.source_url.rstrip("/")
        return url if urlsplit(url).path else url + REST_PATH
