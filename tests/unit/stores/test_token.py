"""Signatures, keys and claims of tokens, as PostgREST judges them."""

import base64
import hmac
import json

import pytest

from changeover.engine.refusal import Refusal
from changeover.model.errors import ConfigurationError
from changeover.model.secret import Secret
from changeover.stores.token import TokenKeys

TEXT_SECRET = "a text secret of more than 32 bytes"  # noqa: S105 - made up
NOW = 1_700_000_000.5
NO_KEY = "No suitable key or wrong key type"
NOT_FOUND = "No suitable key was found to decode the JWT"
NOT_ABLE = "None of the keys was able to decode the JWT"
BROKEN = "JWT cryptographic operation failed"


def refusal_of(function, *arguments):
    """Return what a call is refused with."""
    with pytest.raises(Refusal) as caught:
        function(*arguments)
    return caught.value


def part(value):
    """Return a part of a token."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_signature_with_the_text_secret_is_good(sign):
    """HS256 with the secret's bytes; the claims come back as they were signed."""
    claims = TokenKeys(Secret(TEXT_SECRET)).read(sign(b'{"role":"web","n":1.50,"big":1e400}'))
    assert claims.values["role"] == "web"
    assert bytes(claims.members["n"]) == b"1.50"
    assert bytes(claims.members["big"]) == b"1e400"


@pytest.mark.parametrize(
    ("token", "message", "details"),
    [
        ("", "Empty JWT is sent in Authorization header", None),
        ("x", "Expected 3 parts in JWT; got 1", None),
        ("x.y", "Expected 3 parts in JWT; got 2", None),
        ("a.b.c.d", "Expected 3 parts in JWT; got 4", None),
        ("x.y.z", BROKEN, None),
        ("!.y.z", BROKEN, None),
        (f"{part([1])}.{part({})}.", BROKEN, None),
        (f"{part({'alg': 'XX1'})}.{part({})}.", BROKEN, None),
        (f"{part({'alg': 'PS256'})}.{part({})}.", BROKEN, None),
        (f"{part({'alg': 'HS256', 'kid': 1})}.{part({})}.", BROKEN, None),
        (f"{part({'alg': 'HS256'})}.{part({})}.AA==", BROKEN, None),
        (f"{part({'alg': 'HS256'})}.{part({})}.AA", NO_KEY, NOT_ABLE),
        (f"{part({'alg': 'HS384'})}.{part({})}.AA", NO_KEY, NOT_FOUND),
        (f"{part({'alg': 'RS256'})}.{part({})}.AA", NO_KEY, NOT_FOUND),
        (
            f"{part({'alg': 'none'})}.{part({'role': 'postgres'})}.",
            "Wrong or unsupported encoding algorithm",
            "JWT is unsecured but expected 'alg' was not 'none'",
        ),
    ],
)
def test_a_token_that_nobody_signed_is_refused(token, message, details):
    """PGRST301 with the text that fits, and the challenge that repeats it."""
    refusal = refusal_of(TokenKeys(Secret(TEXT_SECRET)).read, token)
    assert (refusal.code, refusal.status) == ("PGRST301", 401)
    assert (refusal.message, refusal.details) == (message, details)
    challenge = f'Bearer error="invalid_token", error_description="{message}"'
    assert refusal.headers == (("WWW-Authenticate", challenge),)


def test_a_changed_token_is_refused(sign):
    """Claims that were not signed are refused."""
    header, _, signature = sign({"role": "anon"}).split(".")
    forged = f"{header}.{part({'role': 'service_role'})}.{signature}"
    assert refusal_of(TokenKeys(Secret(TEXT_SECRET)).read, forged).details == NOT_ABLE


def test_a_public_key_is_no_secret(jwks):
    """A token signed by HMAC with the public key's text is refused: the old confusion."""
    text = json.dumps(jwks["RS256"])
    signed = f"{part({'alg': 'HS256'})}.{part({'role': 'service_role'})}"
    signature = hmac.digest(text.encode(), signed.encode(), "sha256")
    refusal = refusal_of(TokenKeys(Secret(text)).read, f"{signed}.{part(signature)}")
    assert refusal.details == NOT_FOUND


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_each_key_of_a_set_verifies_its_own(algorithm, sign, private_keys, jwk_set):
    """RS256, ES256 and EdDSA are verified with a JWK set, with and without the key's name."""
    keys = TokenKeys(jwk_set)
    for header in ({}, {"kid": algorithm.lower()}):
        token = sign({"role": "web"}, private_keys[algorithm], algorithm, **header)
        assert keys.read(token).values == {"role": "web"}


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_single_key_is_read(algorithm, sign, private_keys, jwks):
    """One JWK is a set of one."""
    token = sign({"role": "web"}, private_keys[algorithm], algorithm)
    assert TokenKeys(Secret(json.dumps(jwks[algorithm]))).read(token).values == {"role": "web"}


def test_a_named_key_is_the_only_one_asked(sign, private_keys, jwk_set):
    """A token that names another key is refused although a key of the set has signed it."""
    token = sign({}, private_keys["ES256"], "ES256", kid="rs256")
    assert refusal_of(TokenKeys(jwk_set).read, token).details == NOT_FOUND


def test_a_text_secret_has_no_name(sign):
    """As PostgREST: a token that names a key passes over the text secret, unless told otherwise."""
    token = sign({"role": "web"}, kid="k1")
    assert refusal_of(TokenKeys(Secret(TEXT_SECRET)).read, token).details == NOT_FOUND
    lenient = TokenKeys(Secret(TEXT_SECRET), has_key_ids=False)
    assert lenient.read(token).values == {"role": "web"}


def test_a_symmetric_key_may_be_a_jwk(sign):
    """A JWK of type oct signs with any of the three HMACs, or with the one that it names."""
    key = part(TEXT_SECRET.encode() * 2)
    token = sign({"role": "web"}, TEXT_SECRET * 2, "HS512")
    free = Secret(json.dumps({"kty": "oct", "k": key}))
    assert TokenKeys(free).read(token).values == {"role": "web"}
    bound = Secret(json.dumps({"kty": "oct", "k": key, "alg": "HS256"}))
    assert refusal_of(TokenKeys(bound).read, token).details == NOT_FOUND


def test_a_key_for_encryption_verifies_nothing(sign, private_keys, jwks):
    """`use: enc` and unknown types are passed over."""
    keys = [{**jwks["ES256"], "use": "enc"}, {"kty": "new"}, {**jwks["ES256"], "alg": "PS256"}]
    token = sign({}, private_keys["ES256"], "ES256")
    assert refusal_of(TokenKeys(Secret(json.dumps({"keys": keys}))).read, token).details == (
        NOT_FOUND
    )


@pytest.mark.parametrize("altchars", [None, b"-_"])
def test_a_secret_may_be_base64(altchars, sign):
    """Both alphabets are read, blanks round it too."""
    raw = bytes(range(200, 240))
    text = f" {base64.b64encode(raw, altchars).decode()} "
    token = sign({"role": "web"}, raw)
    assert TokenKeys(Secret(text), is_base64=True).read(token).values == {"role": "web"}


@pytest.mark.parametrize(
    ("secret", "is_base64"),
    [
        ("too short", False),
        ("a" * 31, False),
        ("not base64 at all !!!!!!!!!!!!!!!!!!!!!!", True),
        (base64.b64encode(b"short").decode(), True),
        ('{"kty": "RSA", "n": "x"}', False),
        ('{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}', False),
    ],
)
def test_a_secret_that_is_none_is_refused(secret, is_base64):
    """Too short, not base64, a broken JWK: the configuration can't be used, and isn't quoted."""
    with pytest.raises(ConfigurationError) as caught:
        TokenKeys(Secret(secret), is_base64=is_base64)
    assert secret not in f"{caught.value} {caught.value.hint}"


NUMBER = "The JWT '{}' claim must be a number"
AUDIENCE = "The JWT 'aud' claim must be a string or an array of strings"


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({}, None),
        ({"exp": None, "nbf": None, "iat": None, "aud": None}, None),
        ({"exp": NOW + 1}, "JWT expired"),  # no whole number counts as 0
        ({"exp": 1_700_000_000.0}, None),
        ({"exp": 1_700_000_000 - 30}, None),
        ({"exp": 1_700_000_000 - 31}, "JWT expired"),
        ({"exp": 10**30}, "JWT expired"),
        ({"nbf": 1_700_000_000 + 30}, None),
        ({"nbf": 1_700_000_000 + 31}, "JWT not yet valid"),
        ({"iat": 1_700_000_000 + 30}, None),
        ({"iat": 1_700_000_000 + 31}, "JWT issued at future"),
        ({"exp": "1"}, NUMBER.format("exp")),
        ({"nbf": True}, NUMBER.format("nbf")),
        ({"iat": []}, NUMBER.format("iat")),
        ({"exp": 1, "nbf": "x"}, "JWT expired"),
        ({"aud": "app"}, None),
        ({"aud": ["other", "app"]}, None),
        ({"aud": []}, None),
        ({"aud": ""}, "JWT not in audience"),
        ({"aud": "other"}, "JWT not in audience"),
        ({"aud": ["other"]}, "JWT not in audience"),
        ({"aud": 1}, AUDIENCE),
        ({"aud": ["app", 1]}, AUDIENCE),
    ],
)
def test_claims_allow_or_refuse(claims, message, sign):
    """Times have 30 seconds of skew, the audience must be ours, null and absent pass."""
    read = TokenKeys(Secret(TEXT_SECRET)).read(sign(claims))
    if message is None:
        read.check(NOW, "app")
        return
    refusal = refusal_of(read.check, NOW, "app")
    assert (refusal.code, refusal.status, refusal.message) == ("PGRST303", 401, message)
    assert refusal.headers[0][1].endswith(f'error_description="{message}"')


@pytest.mark.parametrize("aud", ["other", "", ["x"], []])
def test_without_an_audience_of_ours_any_will_do(aud, sign):
    """`jwt-aud` unset: every audience passes, but its type must fit."""
    read = TokenKeys(Secret(TEXT_SECRET)).read
    read(sign({"aud": aud})).check(NOW, None)
    assert refusal_of(read(sign({"aud": {}})).check, NOW, None).message == AUDIENCE


@pytest.mark.parametrize("payload", [b"[]", b"1", b"{", b"", b'{"a":NaN}', b"\xff", b'{"a":01}'])
def test_what_was_signed_must_be_claims(payload, sign):
    """A payload that is no JSON object is PGRST303."""
    refusal = refusal_of(TokenKeys(Secret(TEXT_SECRET)).read, sign(payload))
    assert (refusal.code, refusal.message) == ("PGRST303", "Parsing claims failed")


def test_a_huge_number_takes_no_time(sign):
    """A time with an enormous exponent is not written out."""
    read = TokenKeys(Secret(TEXT_SECRET)).read(sign(b'{"exp":1e999999999}'))
    assert refusal_of(read.check, NOW, None).message == "JWT expired"
