"""The settings of the routing: what clients may do, how long they wait, when they step back."""

from typing import Final

from changeover.model.section import Section

KILL_SWITCH_NAME: Final = "CHANGEOVER_KILL_SWITCH"
STAGE_FILE_NAME: Final = "CHANGEOVER_STAGE_FILE"
STAGE_NAME: Final = "CHANGEOVER_STAGE"
ROUTING_NAMES: Final = (KILL_SWITCH_NAME, STAGE_FILE_NAME, STAGE_NAME)
"""What the environment tells a process that routes; nothing secret."""


class RoutingSettings(Section, frozen=True, kw_only=True):
    """Where an application's calls go, and what leads them back.

    Attributes:
        roles: Roles that applications log in as; `capture install` grants them the functions that
            a routing client calls on the target, and nothing else. It takes them from all others.
        source_url: The URL of the source's API, for a gateway that routes.
        client_expiry_s: A client that has not been heard of for so long is dropped.
        client_wait_s_max: The longest time that a step waits for clients to follow the one before.
        poll_ms: How often a client asks where the move stands.
        read_timeout_ms: The longest time that a read waits for the secondary.
        mirror_wait_ms_max: The longest time that a write waits until the mirror has carried it.
        breaker_failures: So many failed reads of the secondary in a row open the breaker.
        breaker_probe_ms: How often an open breaker lets one read through.
        shadow_queue_max: How many shadow reads wait at most; further ones are dropped and counted.
        shadow_values_file: Where the cells of settled differences are kept, a file of mode 0600;
            empty to keep none. They are somebody's data.
        guard_window_s: The window of the guard rails, in seconds; a step of the rollout that was
            held for so long without a breach is one to fall back to.
        guard_error_rate_max: Above this share of failed reads on the secondary the rollout is
            lowered.
        guard_latency_ratio_max: Above this ratio of the sides' slowest hundredth it is lowered.
        guard_mismatch_rate_max: Above this share of settled mismatches it is lowered.
        kill_file: While this file exists, reads go to the source; relative to the configuration.
            `CHANGEOVER_KILL_SWITCH` comes before it.
        state_file: Where a client keeps the last known state; empty for a file in the user's own
            directory. `CHANGEOVER_STAGE_FILE` comes before it.
    """

    roles: tuple[str, ...] = ()
    source_url: str = ""
    client_expiry_s: float = 60.0
    client_wait_s_max: float = 5.0
    poll_ms: int = 1000
    read_timeout_ms: int = 1000
    mirror_wait_ms_max: int = 2000
    breaker_failures: int = 5
    breaker_probe_ms: int = 1000
    shadow_queue_max: int = 1000
    shadow_values_file: str = ""
    guard_window_s: float = 30.0
    guard_error_rate_max: float = 0.01
    guard_latency_ratio_max: float = 2.0
    guard_mismatch_rate_max: float = 0.0005
    kill_file: str = ""
    state_file: str = ""
