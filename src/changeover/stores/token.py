"""JSON Web Tokens: the keys that may have signed one, and what its claims allow.

Texts, order of checks and refusals are PostgREST's, whose library is jose-jwt.

Source: shared reference "PostgREST: the language that we speak", sections 8 and 9.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import msgspec
from jwt.algorithms import (
    Algorithm,
    ECAlgorithm,
    HMACAlgorithm,
    OKPAlgorithm,
    RSAAlgorithm,
    get_default_algorithms,
)
from jwt.exceptions import InvalidKeyError

from changeover.engine.refusal import Refusal
from changeover.model.errors import ConfigurationError
from changeover.model.secret import Secret

SKEW_S: Final = 30
SECRET_BYTES_MIN: Final = 32

_UNSIGNED: Final = "JWT is unsecured but expected 'alg' was not 'none'"
_ALGORITHMS_OF: Final[dict[str, tuple[str, ...]]] = {
    "oct": ("HS256", "HS384", "HS512"),
    "RSA": ("RS256", "RS384", "RS512"),
    "EC": ("ES256", "ES384", "ES512"),
    "OKP": ("EdDSA",),
}
_READERS: Final[dict[str, type[Algorithm]]] = {
    "oct": HMACAlgorithm,
    "RSA": RSAAlgorithm,
    "EC": ECAlgorithm,
    "OKP": OKPAlgorithm,
}
_KNOWN: Final = {
    name: algorithm
    for name, algorithm in get_default_algorithms().items()
    if any(name in names for names in _ALGORITHMS_OF.values())
}
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")
_INT64_MAX: Final = 2**63 - 1

_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def broken_token(message: str, details: str | None = None) -> Refusal:
    """Return the refusal of a token that can't be read or whose signature is not good."""
    return Refusal("PGRST301", message, details=details, headers=_challenge(message))


def bad_claims(message: str) -> Refusal:
    """Return the refusal of a token whose claims don't allow the request."""
    return Refusal("PGRST303", message, headers=_challenge(message))


def _challenge(message: str) -> tuple[tuple[str, str], ...]:
    return (("WWW-Authenticate", f'Bearer error="invalid_token", error_description="{message}"'),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token says, its signature being good.

    Attributes:
        values: The claims; numbers that are no integers are `Decimal`.
        members: The same as JSON text by name, exactly as it was signed.
    """

    values: dict[str, Any]
    members: dict[str, msgspec.Raw]

    def check(self, now: float, audience: str | None) -> None:
        """Refuse a token that is not valid now, or not meant for us.

        Args:
            now: Seconds since 1970.
            audience: `jwt-aud`, None for any.

        Raises:
            Refusal: PGRST303.
        """
        second = math.floor(now)
        if self._time("exp", second) < second - SKEW_S:
            raise bad_claims("JWT expired")
        if self._time("nbf", second) > second + SKEW_S:
            raise bad_claims("JWT not yet valid")
        if self._time("iat", second) > second + SKEW_S:
            raise bad_claims("JWT issued at future")
        self._check_audience(audience)

    def _time(self, name: str, second: int) -> int:
        value = self.values.get(name)
        if value is None:
            return second
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            raise bad_claims(f"The JWT '{name}' claim must be a number")
        return _whole(value)

    def _check_audience(self, audience: str | None) -> None:
        found = self.values.get("aud")
        if found is None:
            return
        names = [found] if isinstance(found, str) else found
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise bad_claims("The JWT 'aud' claim must be a string or an array of strings")
        if audience is not None and names and audience not in names:
            raise bad_claims("JWT not in audience")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    """One key that may have signed a token."""

    kind: str
    material: Any
    key_id: str | None
    algorithm: str | None

    def fits(self, algorithm: str, key_id: str | None) -> bool:
        """Return whether a token with this header can be ours."""
        return (
            (key_id is None or key_id == self.key_id)
            and algorithm in _ALGORITHMS_OF[self.kind]
            and self.algorithm in (None, algorithm)
        )


def _whole(value: int | Decimal) -> int:
    """Return a number as PostgREST reads it: no whole number, or too large a one, is 0."""
    number = Decimal(value)
    is_small = -_INT64_MAX <= number <= _INT64_MAX
    return int(number) if is_small and number == int(number) else 0


class TokenKeys:
    """The keys of a `jwt-secret`."""

    def __init__(
        self,
        secret: Secret,
        *,
        is_base64: bool = False,
        has_key_ids: bool = True,
    ) -> None:
        """Read the secret.

        Args:
            secret: Text of at least 32 bytes (HS256 only), one JWK, or a JWK set.
            is_base64: The secret is written in base64, in the plain or the URL's alphabet.
            has_key_ids: Whether tokens that name a key pass over a text secret, which has no name.
                PostgREST's do; the platform's name one although the secret has none.

        Raises:
            ConfigurationError: If it can't be read.
        """
        material = _from_base64(secret) if is_base64 else secret.reveal().encode()
        self._keys = tuple(_read_keys(material))
        self._is_nameless = not has_key_ids

    def read(self, token: str) -> Claims:
        """Return what a token says, its signature verified.

        Args:
            token: What stood behind `Bearer`.

        Raises:
            Refusal: PGRST301, or PGRST303 if what was signed are no claims.
        """
        return _read_claims(self._payload(token))

    def _payload(self, token: str) -> bytes:
        if not token:
            raise broken_token("Empty JWT is sent in Authorization header")
        parts = token.split(".")
        if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
            raise broken_token(f"Expected 3 parts in JWT; got {len(parts)}")
        header = _read_header(_decode(parts[0]))
        payload, signature = _decode(parts[1]), _decode(parts[2])
        algorithm, key_id = header["alg"], header.get("kid")
        keys = [key for key in self._keys if key.fits(algorithm, self._named(key, key_id))]
        if not keys:
            raise _no_key("No suitable key was found to decode the JWT")
        signed = f"{parts[0]}.{parts[1]}".encode()
        if not any(_is_signed_by(key, algorithm, signed, signature) for key in keys):
            raise _no_key("None of the keys was able to decode the JWT")
        return payload

    def _named(self, key: _Key, key_id: str | None) -> str | None:
        return None if self._is_nameless and key.key_id is None else key_id


def _no_key(details: str) -> Refusal:
    return broken_token("No suitable key or wrong key type", details)


def _is_signed_by(key: _Key, algorithm: str, signed: bytes, signature: bytes) -> bool:
    try:
        return _KNOWN[algorithm].verify(signed, key.material, signature)
    except (ValueError, TypeError):
        # A signature of the wrong length for the curve, or a digest too long for the modulus.
        return False


def _decode(text: str) -> bytes:
    broken = broken_token("JWT cryptographic operation failed")
    if not _BASE64URL.fullmatch(text):
        raise broken
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise broken from None


def _read_header(data: bytes) -> dict[str, Any]:
    try:
        header = json.loads(data)
    except ValueError:
        header = None
    if isinstance(header, dict) and header.get("alg") == "none":
        raise broken_token("Wrong or unsupported encoding algorithm", _UNSIGNED)
    if (
        not isinstance(header, dict)
        or header.get("alg") not in _KNOWN
        or not isinstance(header.get("kid"), str | None)
    ):
        raise broken_token("JWT cryptographic operation failed")
    return header


def _read_claims(payload: bytes) -> Claims:
    try:
        members = _members.decode(payload)
        values = json.loads(payload, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise bad_claims("Parsing claims failed") from None
    return Claims(values=values, members=members)


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _from_base64(secret: Secret) -> bytes:
    text = secret.reveal().strip().translate(str.maketrans("-_.", "+/="))
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise ConfigurationError(
            "the JWT secret is not base64", hint="turn jwt-secret-is-base64 off, or encode it"
        ) from None


def _read_keys(material: bytes) -> Iterator[_Key]:
    try:
        found = json.loads(material)
    except ValueError:
        found = None
    if isinstance(found, dict) and isinstance(found.get("keys"), list):
        yield from filter(None, map(_read_jwk, found["keys"]))
    elif isinstance(found, dict) and "kty" in found:
        yield from filter(None, [_read_jwk(found)])
    elif len(material) < SECRET_BYTES_MIN:
        raise ConfigurationError(
            f"the JWT secret has {len(material)} bytes, at least {SECRET_BYTES_MIN} are needed",
            hint="give the secret as it was generated, a JWK, or a JWK set",
        )
    else:
        yield _Key(kind="oct", material=material, key_id=None, algorithm="HS256")


def _read_jwk(jwk: Any) -> _Key | None:
    """Return a key, or None for one of a kind or for a use that is not ours."""
    if not isinstance(jwk, dict) or jwk.get("kty") not in _READERS or jwk.get("use") == "enc":
        return None
    if jwk.get("alg") not in (None, *_KNOWN):
        return None
    kind = str(jwk["kty"])
    try:
        material = _READERS[kind].from_jwk(jwk)
    except (InvalidKeyError, ValueError, KeyError, TypeError):
        raise ConfigurationError(
            f"a JWK of type {kind} in the JWT secret can't be read",
            hint="give it as RFC 7517 describes it",
        ) from None
    key_id = jwk.get("kid")
    return _Key(kind=kind, material=_public(material), key_id=key_id, algorithm=jwk.get("alg"))


def _public(material: Any) -> Any:
    """Return the public half of a private key: we only verify."""
    return material.public_key() if hasattr(material, "public_key") else material
