"""From `[gateway]` of `changeover.toml` and the keys in the environment to a set-up."""

import base64
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final

import msgspec

from changeover.engine.settings import ApiSettings
from changeover.gateway.setup import CHANNEL, Limits, Listening, Setup
from changeover.model.errors import ConfigurationError, MissingSettingError
from changeover.model.name import TableName
from changeover.model.routing_settings import RoutingSettings
from changeover.model.secret import Secret
from changeover.model.settings import GatewaySettings, Resolved
from changeover.routing.setting import Route
from changeover.stores.key import KeyMode, KeySettings
from changeover.stores.pool import PoolSettings

PUBLISHABLE_NAMES: Final = ("SUPABASE_PUBLISHABLE_KEY", "SUPABASE_PUBLISHABLE_KEYS")
SECRET_NAMES: Final = ("SUPABASE_SECRET_KEY", "SUPABASE_SECRET_KEYS")
JWT_SECRET_NAME: Final = "SUPABASE_JWT_SECRET"  # noqa: S105 - the name, not the secret
JWKS_NAME: Final = "SUPABASE_JWKS"
ANON_NAME: Final = "SUPABASE_ANON_KEY"
SERVICE_NAME: Final = "SUPABASE_SERVICE_ROLE_KEY"

NOTHING_LOGGED: Final = 1000

Read = Callable[[str], str]

_UNROUTED: Final = RoutingSettings()


def configure(
    settings: GatewaySettings,
    database: Resolved,
    environment: Mapping[str, str],
    read: Read,
    *,
    routing: RoutingSettings = _UNROUTED,
) -> Setup:
    """Return how the gateway is run.

    Args:
        settings: The table of the file.
        database: What it serves.
        environment: The process's environment.
        read: Returns the text of a file that a value names with `@`.
        routing: The table about routing; with a `source_url` the gateway routes.

    Raises:
        ConfigurationError: If a value can't be used.
        MissingSettingError: If no key is given, so that nobody would be answered.
    """
    return Setup(
        origin=database.origin,
        api=_api(settings),
        keys=_keys(settings, environment, read),
        pool=PoolSettings(
            dsn=database.dsn,
            connections_max=settings.pool_size,
            is_pooled=settings.is_pooled,
        ),
        # LISTEN does not outlive a transaction behind such a pooler.
        channel="" if settings.is_pooled else CHANNEL,
        listening=Listening(
            host=settings.host, port=settings.port, unix_socket=settings.unix_socket
        ),
        admin=Listening(host=settings.host, port=settings.admin_port)
        if settings.admin_port
        else None,
        has_health=True,
        tls_certificate=settings.tls_certificate,
        tls_key=settings.tls_key,
        workers=settings.workers,
        upstream=settings.upstream,
        origins=settings.origins,
        limits=Limits(
            body_bytes_max=settings.body_bytes_max,
            request_s_max=settings.request_s_max,
            requests_max=settings.requests_max,
        ),
        status_logged_min=0 if settings.has_access_log else NOTHING_LOGGED,
        stop_s_max=settings.stop_s_max,
        route=_route(routing),
    )


def _route(routing: RoutingSettings) -> Route | None:
    if not routing.source_url:
        return None
    known = {field.name for field in fields(Route)}
    return Route(
        **{name: value for name, value in msgspec.structs.asdict(routing).items() if name in known},
        # Who is asked to step on when the stage has changed and a worker has not heard of it.
        name=f"gateway on {socket.gethostname()}",
    )


def _api(settings: GatewaySettings) -> ApiSettings:
    return ApiSettings(
        schemas=settings.schemas,
        extra_search_path=settings.extra_search_path,
        rows_max=settings.max_rows or None,
        pre_request=_table(settings.pre_request, "pre_request") if settings.pre_request else None,
        rows_max_of={
            _table(name, "max_rows_of"): rows or None for name, rows in settings.max_rows_of.items()
        },
    )


def _table(name: str, setting: str) -> TableName:
    schema, dot, rest = name.partition(".")
    if not dot:
        raise ConfigurationError(
            f"changeover.toml: '{name}' in {setting} of [gateway] names no schema",
            hint=f"write public.{name}",
        )
    return TableName(schema, rest)


def _keys(settings: GatewaySettings, environment: Mapping[str, str], read: Read) -> KeySettings:
    def value(name: str) -> str:
        text = environment.get(name, "").strip()
        return read(text[1:]).strip() if text.startswith("@") else text

    jwt_secret = _jwt_secret(value(JWT_SECRET_NAME), value(JWKS_NAME))
    publishable = [key for name in PUBLISHABLE_NAMES for key in _listed(name, value(name))]
    secret = [key for name in SECRET_NAMES for key in _listed(name, value(name))]
    if jwt_secret is None:
        # Legacy keys are tokens: without what signed them they are still known by sight.
        publishable += filter(None, [value(ANON_NAME)])
        secret += filter(None, [value(SERVICE_NAME)])
    if not (jwt_secret or publishable or secret):
        raise MissingSettingError(
            "no key is given, so that nobody would be answered",
            hint=f"set {JWT_SECRET_NAME}, or {PUBLISHABLE_NAMES[0]} and {SECRET_NAMES[0]}",
        )
    return KeySettings(
        mode=KeyMode.SUPABASE,
        jwt_secret=jwt_secret,
        anonymous_role=settings.anonymous_role,
        service_role=settings.service_role,
        is_single_role=settings.is_single_role,
        publishable_keys=tuple(map(Secret, publishable)),
        secret_keys=tuple(map(Secret, secret)),
    )


def _listed(name: str, text: str) -> list[str]:
    """Return the keys of a text: one key, a JSON object or list, or several with commas.

    Raises:
        ConfigurationError: If it is JSON of another kind.
    """
    if not text.startswith(("{", "[")):
        return [key.strip() for key in text.split(",") if key.strip()]
    found = _json(name, text)
    keys = list(found.values()) if isinstance(found, dict) else found
    if not all(isinstance(key, str) for key in keys):
        raise ConfigurationError(
            f"{name} holds something else than keys", hint='write {"default": "sb_…"}'
        )
    return [str(key) for key in keys]


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ConfigurationError(f"{name} is not JSON", hint="copy it once more") from None


def _jwt_secret(secret: str, jwks: str) -> Secret | None:
    """Return one value for what tokens are verified with: the legacy secret, the key set, both."""
    if not jwks:
        return Secret(secret) if secret else None
    found = _json(JWKS_NAME, jwks)
    keys = found.get("keys") if isinstance(found, dict) else found
    if not isinstance(keys, list):
        raise ConfigurationError(f"{JWKS_NAME} is no JWK set", hint='write {"keys": […]}')
    if secret and not secret.startswith("{"):
        encoded = base64.urlsafe_b64encode(secret.encode()).decode().rstrip("=")
        keys = [*keys, {"kty": "oct", "k": encoded, "alg": "HS256"}]
    return Secret(json.dumps({"keys": keys}))
