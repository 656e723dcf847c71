"""How a gateway is run, as values: what both kinds of configuration come to."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from changeover.engine.settings import ApiSettings
from changeover.routing.setting import Route
from changeover.stores.key import KeySettings
from changeover.stores.pool import PoolSettings

CHANNEL: Final = "pgrst"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a request may cost.

    Attributes:
        body_bytes_max: The longest body.
        request_s_max: The longest time from the first line to the answer; 0 for none.
        requests_max: How many requests one worker answers at once.
    """

    body_bytes_max: int = 64 << 20
    request_s_max: float = 300.0
    requests_max: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where somebody is listened to.

    Attributes:
        host: An address or a name, or `*`, `*4`, `*6`, `!4`, `!6` for a family.
        port: 0 for any that is free.
        unix_socket: The path of a socket, which then takes the port's place; empty for none.
        unix_socket_mode: Its rights.
        is_port_shared: Whether other processes may listen on the same port (`SO_REUSEPORT`).
    """

    host: str = "127.0.0.1"
    port: int = 3000
    unix_socket: str = ""
    unix_socket_mode: int = 0o660
    is_port_shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """All that a gateway is run by.

    Attributes:
        pool: The connections of one worker, and where they lead.
        origin: Where the connection string came from, fit to be shown.
        api: What requests are parsed and planned by.
        keys: How callers are told apart.
        channel: Where reloads are notified; empty for nowhere.
        listening: Where the API listens.
        admin: Where `/live` and `/ready` are answered by themselves, if anywhere.
        has_health: Whether `/-/live` and `/-/ready` are answered beside the API.
        tls_certificate: A file with a certificate and its chain; empty for plain HTTP.
        tls_key: A file with its private key.
        workers: Processes.
        upstream: The URL of a Supabase project that other services are asked of; empty for none.
        origins: Origins that browsers may call from; empty for all.
        limits: What a request may cost.
        status_logged_min: Requests answered with a lower status are not logged.
        stop_s_max: How long requests in flight may take once the gateway is told to stop.
        route: How requests are routed between the source's API and the database; None where they
            all go to the database.
        is_seen: Whether the database was reached when this was read; else its own settings are
            missing here.
    """

    pool: PoolSettings
    origin: str
    api: ApiSettings = field(default_factory=ApiSettings)
    keys: KeySettings = field(default_factory=KeySettings)
    channel: str = CHANNEL
    listening: Listening = field(default_factory=Listening)
    admin: Listening | None = None
    has_health: bool = False
    tls_certificate: str = ""
    tls_key: str = ""
    workers: int = 1
    upstream: str = ""
    origins: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    status_logged_min: int = 0
    stop_s_max: int = 60
    route: Route | None = None
    is_seen: bool = True


def with_flags(setup: Setup, flags: Mapping[str, Any]) -> Setup:
    """Return a set-up with what the command line says over it.

    Args:
        setup: What the configuration says.
        flags: Names of `Setup` or of `Listening`, and their values.
    """
    places = {name: value for name, value in flags.items() if name in Listening.__slots__}
    rest = {name: value for name, value in flags.items() if name not in places}
    if places and "unix_socket" not in places:
        places["unix_socket"] = ""
    return replace(setup, listening=replace(setup.listening, **places), **rest)
