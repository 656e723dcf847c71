"""Tokens and messages that carry them."""

import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from changeover.engine.message import Message
from changeover.model.secret import Secret

TEXT_SECRET = "a text secret of more than 32 bytes"  # noqa: S105 - made up


@pytest.fixture
def sign() -> Callable[..., str]:
    """A function that signs claims with the text secret, or with another key."""

    def make(claims: Any, key: Any = TEXT_SECRET, algorithm="HS256", **header) -> str:
        payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
        return jwt.api_jws.encode(payload, key, algorithm=algorithm, headers=header)

    return make


@pytest.fixture
def ask() -> Callable[..., Message]:
    """A function that returns a message with a Bearer token and other headers."""

    def make(token: str | None = None, **headers) -> Message:
        own = [] if token is None else [("authorization", f"Bearer {token}")]
        return Message(method="GET", path="/t", headers=(*own, *headers.items()))

    return make


@pytest.fixture(scope="session")
def private_keys() -> dict[str, Any]:
    """A private key per algorithm."""
    return {
        "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    }


@pytest.fixture(scope="session")
def jwks(private_keys) -> dict[str, dict[str, Any]]:
    """The public JWK of each private key; its name is the algorithm's in lower case."""
    writers = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}
    return {
        name: {**writers[name].to_jwk(key.public_key(), as_dict=True), "kid": name.lower()}
        for name, key in private_keys.items()
    }


@pytest.fixture
def jwk_set(jwks) -> Secret:
    """A set of the three public keys."""
    return Secret(json.dumps({"keys": list(jwks.values())}))
