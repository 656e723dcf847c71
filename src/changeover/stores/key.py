"""Who asks: from the keys and tokens of a message to a role and its claims.

Two ways of telling: PostgREST's (the Authorization header only), and the platform's gateway, where
`apikey` says anon or service and a Bearer token that is no token of its own adds nothing.

Source: shared references "PostgREST: the language that we speak" sections 8 and 9, and "Field
guide" section 5, "Keys at the gateway".
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import Final

import msgspec

from changeover.engine.message import Message
from changeover.engine.refusal import Refusal
from changeover.model.errors import ConfigurationError
from changeover.model.secret import Secret
from changeover.stores.claim_path import ClaimPath
from changeover.stores.token import Claims, TokenKeys, broken_token

_encode: Final = msgspec.json.Encoder().encode
_NEW_KEY: Final = "sb_"


class KeyMode(StrEnum):
    """Which headers tell who asks."""

    POSTGREST = "postgrest"
    SUPABASE = "supabase"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySettings:
    """How callers are told apart.

    Attributes:
        mode: PostgREST's way, or the platform's gateway's.
        jwt_secret: `jwt-secret`: text of at least 32 bytes, a JWK or a JWK set; None for none.
        is_jwt_secret_base64: `jwt-secret-is-base64`.
        audience: `jwt-aud`; None for any.
        role_claim: `jwt-role-claim-key`.
        anonymous_role: `db-anon-role`; None refuses requests without a token.
        service_role: The role behind a secret key.
        is_single_role: The connecting role answers everything that the service key asks for, and
            nobody else is answered: for databases where it can't be given other roles.
        publishable_keys: Keys that stand for the anonymous role (`sb_publishable_…`).
        secret_keys: Keys that stand for the service role (`sb_secret_…`).
        tokens_max: How many verified tokens are remembered (`jwt-cache-max-entries`).
    """

    mode: KeyMode = KeyMode.POSTGREST
    jwt_secret: Secret | None = None
    is_jwt_secret_base64: bool = False
    audience: str | None = None
    role_claim: str = "$.role"
    anonymous_role: str | None = None
    service_role: str = "service_role"
    is_single_role: bool = False
    publishable_keys: tuple[Secret, ...] = ()
    secret_keys: tuple[Secret, ...] = ()
    tokens_max: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks.

    Attributes:
        role: The role to become; empty in single-role mode, where the connecting role stays.
        claims: The value of `request.jwt.claims`: JSON.
        is_anonymous: Whether it is the anonymous role: a denied right is then 401, else 403.
    """

    role: str
    claims: str
    is_anonymous: bool = False


class Keys:
    """Key settings, read once."""

    def __init__(self, settings: KeySettings) -> None:
        """Read keys and paths.

        Args:
            settings: Of these, secrets are kept for comparison only.

        Raises:
            ConfigurationError: If the secret or the role's path can't be read, or single-role mode
                has no way to know its caller.
        """
        self.settings: Final = settings
        self._path = ClaimPath.parse(settings.role_claim)
        self._tokens = (
            None
            if settings.jwt_secret is None
            else TokenKeys(
                settings.jwt_secret,
                is_base64=settings.is_jwt_secret_base64,
                has_key_ids=settings.mode is KeyMode.POSTGREST,
            )
        )
        if settings.is_single_role and not (settings.secret_keys or settings.jwt_secret):
            raise ConfigurationError(
                "single-role mode without a service key would answer nobody",
                hint="give the service key (`sb_secret_…`) or the JWT secret that signed it",
            )
        self._roles = self._known_keys()
        self._identities: dict[str, Identity] = {}
        # Tokens whose signature was found good; times and audience are looked at every time.
        self._good: dict[str, tuple[Claims, Identity]] = {}
        self._lock = Lock()

    def _known_keys(self) -> tuple[tuple[bytes, str], ...]:
        anonymous = self.settings.anonymous_role or ""
        publishable = [(key, anonymous) for key in self.settings.publishable_keys]
        secret = [(key, self.settings.service_role) for key in self.settings.secret_keys]
        return tuple((key.reveal().encode(), role) for key, role in publishable + secret)

    def identify(self, message: Message, now: float) -> Identity:
        """Return who sends a message.

        Args:
            message: Its headers `authorization` and, as the platform's gateway, `apikey` are read.
            now: Seconds since 1970.

        Raises:
            Refusal: PGRST300, 301, 302 or 303; in single-role mode 42501 for another role.
        """
        bearer = _bearer(message)
        if self.settings.mode is KeyMode.POSTGREST:
            return self._anonymous() if bearer is None else self._of_token(bearer, now)
        return self._at_gateway(message.header("apikey"), bearer, now)

    def _at_gateway(self, api_key: str | None, bearer: str | None, now: float) -> Identity:
        if api_key is None:
            raise Refusal(
                "PGRST301",
                "No API key found in request",
                hint="No `apikey` request header or url param was found.",
                headers=(("WWW-Authenticate", "Bearer"),),
            )
        own = self._of_api_key(api_key, now)
        # Clients send the key itself as Bearer too; a new-style key is no token.
        if not bearer or bearer == api_key or bearer.startswith(_NEW_KEY):
            return self._admitted(own)
        return self._of_token(bearer, now)

    def _of_api_key(self, api_key: str, now: float) -> Identity:
        found: str | None = None
        given = api_key.encode(errors="surrogateescape")
        for known, role in self._roles:  # all of them: time must not tell how far it came
            if hmac.compare_digest(known, given):
                found = role
        if found is not None:
            return self._of_role(found)
        if api_key.startswith(_NEW_KEY) or self._tokens is None:
            raise _unknown_key()
        try:
            return self._verified(api_key, now)
        except Refusal as refusal:
            if refusal.code == "PGRST301":
                raise _unknown_key() from None
            raise

    def _anonymous(self) -> Identity:
        role = self.settings.anonymous_role
        if role is None or self.settings.is_single_role:
            raise _anonymous_refused()
        return self._of_role(role)

    def _of_role(self, role: str) -> Identity:
        if not role:
            raise _anonymous_refused()
        known = self._identities.get(role)
        if known is None:
            known = self._identities[role] = self._identity(role, {})
        return known

    def _of_token(self, token: str, now: float) -> Identity:
        return self._admitted(self._verified(token, now))

    def _verified(self, token: str, now: float) -> Identity:
        if self._tokens is None:
            raise Refusal("PGRST300", "Server lacks JWT secret")
        known = self._good.get(token)
        claims = self._tokens.read(token) if known is None else known[0]
        claims.check(now, self.settings.audience)
        if known is not None:
            return known[1]
        identity = self._identity(self._role_of(claims), claims.members)
        self._remember(token, claims, identity)
        return identity

    def _remember(self, token: str, claims: Claims, identity: Identity) -> None:
        if self.settings.tokens_max <= 0:
            return
        with self._lock:
            while len(self._good) >= self.settings.tokens_max:
                del self._good[next(iter(self._good))]
            self._good[token] = (claims, identity)

    def _role_of(self, claims: Claims) -> str:
        is_found, role = self._path.first(claims.values)
        if not is_found:
            if self.settings.anonymous_role is None:
                raise _anonymous_refused()
            return self.settings.anonymous_role
        return role if isinstance(role, str) else _encode(role).decode()

    def _identity(self, role: str, members: Mapping[str, msgspec.Raw]) -> Identity:
        # Without blanks, as PostgREST writes them; digits and escapes stay as the token has them.
        claims = msgspec.json.format(_encode({**members, "role": role}), indent=-1).decode()
        return Identity(role=role, claims=claims, is_anonymous=role == self.settings.anonymous_role)

    def _admitted(self, identity: Identity) -> Identity:
        """Return the identity as it is used; in single-role mode the service key's only."""
        if not self.settings.is_single_role:
            return identity
        if identity.role != self.settings.service_role:
            raise Refusal(
                "42501",
                f'permission denied to set role "{identity.role}"',
                hint="This database is reached by one role only, which the service key stands for.",
                status=403,
            )
        return Identity(role="", claims=identity.claims)


def identify(message: Message, keys: Keys, now: float) -> Identity:
    """Return who sends a message; see `Keys.identify`."""
    return keys.identify(message, now)


def _bearer(message: Message) -> str | None:
    """Return what stands behind `Bearer`, the scheme in any case; None for another scheme."""
    header = message.header("authorization")
    if header is None:
        return None
    scheme, _, token = header.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _anonymous_refused() -> Refusal:
    return Refusal(
        "PGRST302",
        "Anonymous access is disabled",
        headers=(("WWW-Authenticate", "Bearer"),),
    )


def _unknown_key() -> Refusal:
    refusal = broken_token("Invalid API key")
    refusal.hint = "Double check your Supabase `anon` or `service_role` API key."
    return refusal
