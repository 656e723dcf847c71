"""Who asks: roles and claims by PostgREST's rules and by the platform's gateway's."""

import json

import pytest

from changeover.engine.message import Message
from changeover.engine.refusal import Refusal
from changeover.model.errors import ConfigurationError
from changeover.model.secret import Secret
from changeover.stores.key import KeyMode, Keys, KeySettings, identify

TEXT_SECRET = Secret("a text secret of more than 32 bytes")
NOW = 1_700_000_000.0
PUBLISHABLE = Secret("sb_publishable_abc")
HIDDEN = Secret("sb_secret_abc")


def postgrest(**settings):
    """Return keys by PostgREST's rules."""
    given = {"jwt_secret": TEXT_SECRET, "anonymous_role": "anon", **settings}
    return Keys(KeySettings(**given))


def gateway(**settings):
    """Return keys by the gateway's rules."""
    own = {"publishable_keys": (PUBLISHABLE,), "secret_keys": (HIDDEN,), **settings}
    return postgrest(mode=KeyMode.SUPABASE, **own)


def refusal_of(message, keys):
    """Return what a message is refused with."""
    with pytest.raises(Refusal) as caught:
        identify(message, keys, NOW)
    return caught.value


def test_a_token_gives_role_and_claims(ask, sign):
    """The role is the claim's; the claims go on as they were signed, with the role among them."""
    found = identify(ask(sign(b'{"sub":"u1","n":1.0,"role":"web"}')), postgrest(), NOW)
    assert found.role == "web"
    assert found.claims == '{"sub":"u1","n":1.0,"role":"web"}'
    assert not found.is_anonymous


def test_without_a_token_the_anonymous_role_answers(ask):
    """No Authorization header, or one of another scheme: the anonymous role."""
    for message in (ask(), ask(authorization="Basic eDp5"), ask(authorization="")):
        found = identify(message, postgrest(), NOW)
        assert (found.role, found.claims, found.is_anonymous) == ("anon", '{"role":"anon"}', True)


def test_without_an_anonymous_role_a_token_is_needed(ask, sign):
    """PGRST302 with a plain challenge, for a token that names no role too."""
    keys = postgrest(anonymous_role=None)
    for message in (ask(), ask(sign({"sub": "u1"}))):
        refusal = refusal_of(message, keys)
        assert (refusal.code, refusal.status) == ("PGRST302", 401)
        assert refusal.message == "Anonymous access is disabled"
        assert refusal.headers == (("WWW-Authenticate", "Bearer"),)


def test_without_a_secret_a_token_is_the_servers_fault(ask, sign):
    """PGRST300 where a token comes and no secret is configured."""
    refusal = refusal_of(ask(sign({})), postgrest(jwt_secret=None))
    assert (refusal.code, refusal.status) == ("PGRST300", 500)
    assert (refusal.message, refusal.headers) == ("Server lacks JWT secret", ())


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_in_any_case(scheme, ask, sign):
    """Bearer in any case."""
    message = ask(authorization=f"{scheme} {sign({'role': 'web'})}")
    assert identify(message, postgrest(), NOW).role == "web"


@pytest.mark.parametrize("header", ["Bearer", "Bearer "])
def test_an_empty_token_is_refused(header, ask):
    """A scheme without a token is a token without text."""
    refusal = refusal_of(ask(authorization=header), postgrest())
    assert (refusal.code, refusal.message) == (
        "PGRST301",
        "Empty JWT is sent in Authorization header",
    )


def test_the_apikey_header_is_not_postgrests(ask):
    """By PostgREST's rules `apikey` says nothing."""
    assert identify(ask(apikey=HIDDEN.reveal()), postgrest(), NOW).role == "anon"


@pytest.mark.parametrize(
    ("claims", "path", "role"),
    [
        ({"role": 7}, "$.role", "7"),
        ({"role": None}, "$.role", "null"),
        ({"role": {"a": [1]}}, "$.role", '{"a":[1]}'),
        ({"sub": "u1"}, "$.role", "anon"),
        ({"app": {"roles": ["x", "y"]}}, "$.app.roles[1]", "y"),
        ({"app": {"roles": ["x", "y"]}}, ".app.roles[0]", "x"),
    ],
)
def test_the_role_is_where_the_path_leads(claims, path, role, ask, sign):
    """What is no text becomes its JSON; no hit is the anonymous role."""
    found = identify(ask(sign(claims)), postgrest(role_claim=path), NOW)
    assert found.role == role
    assert json.loads(found.claims) == {**claims, "role": role}


def test_a_remembered_token_expires_all_the_same(ask, sign):
    """The signature is looked at once, the times every time."""
    keys = postgrest()
    message = ask(sign({"role": "web", "exp": NOW + 100}))
    assert identify(message, keys, NOW) is identify(message, keys, NOW + 130)
    with pytest.raises(Refusal, match="JWT expired"):
        identify(message, keys, NOW + 131)


@pytest.mark.parametrize(("tokens_max", "is_same"), [(0, False), (1, False), (2, True)])
def test_so_many_tokens_are_remembered(tokens_max, is_same, ask, sign):
    """The memory for tokens is bounded; 0 remembers none."""
    keys = postgrest(tokens_max=tokens_max)
    one, other = ask(sign({"role": "one"})), ask(sign({"role": "two"}))
    first = identify(one, keys, NOW)
    identify(other, keys, NOW)
    assert (identify(one, keys, NOW) is first) is is_same


@pytest.mark.parametrize(
    ("api_key", "bearer", "role"),
    [
        (PUBLISHABLE, None, "anon"),
        (PUBLISHABLE, PUBLISHABLE, "anon"),
        (PUBLISHABLE, Secret("sb_anything"), "anon"),
        (HIDDEN, None, "service_role"),
        (HIDDEN, HIDDEN, "service_role"),
        (HIDDEN, PUBLISHABLE, "service_role"),
    ],
)
def test_a_new_style_key_decides(api_key, bearer, role, ask):
    """The `apikey` header says who asks; a Bearer that is a key adds nothing."""
    message = ask(bearer and bearer.reveal(), apikey=api_key.reveal())
    found = identify(message, gateway(), NOW)
    assert (found.role, found.claims) == (role, json.dumps({"role": role}, separators=(",", ":")))


def test_a_user_is_told_by_the_bearer(ask, sign):
    """A Bearer of its own beside the key is verified and wins."""
    token = sign({"role": "authenticated", "sub": "u1"}, kid="k1")
    for key in (PUBLISHABLE, HIDDEN):
        assert identify(ask(token, apikey=key.reveal()), gateway(), NOW).role == "authenticated"


@pytest.mark.parametrize("role", ["anon", "service_role"])
def test_a_legacy_key_is_a_token(role, ask, sign):
    """The anon and service keys of old are tokens signed with the project's secret."""
    key = sign({"iss": "supabase", "role": role})
    for bearer in (None, key):
        found = identify(ask(bearer, apikey=key), gateway(), NOW)
        assert (found.role, json.loads(found.claims)["iss"]) == (role, "supabase")


def test_a_bad_bearer_is_refused_beside_a_good_key(ask):
    """A Bearer that is neither key nor token is PGRST301."""
    refusal = refusal_of(ask("x.y", apikey=PUBLISHABLE.reveal()), gateway())
    assert refusal.message == "Expected 3 parts in JWT; got 2"


@pytest.mark.parametrize("api_key", ["sb_publishable_other", "sb_", "x", "a.b.c", "", "ключ"])
def test_an_unknown_key_is_refused(api_key, ask, sign):
    """An `apikey` that is none of ours is refused, whatever the Bearer says."""
    for bearer in (None, sign({"role": "web"})):
        refusal = refusal_of(ask(bearer, apikey=api_key), gateway())
        assert (refusal.status, refusal.message) == (401, "Invalid API key")


def test_the_gateway_needs_a_key(ask, sign):
    """Without `apikey` nobody is answered."""
    for bearer in (None, sign({"role": "web"})):
        refusal = refusal_of(ask(bearer), gateway())
        assert (refusal.status, refusal.message) == (401, "No API key found in request")


def test_single_role_mode_answers_the_service_key_only(ask, sign):
    """The service key is the connecting role; everybody else is refused."""
    keys = gateway(is_single_role=True)
    found = identify(ask(apikey=HIDDEN.reveal()), keys, NOW)
    assert (found.role, found.claims) == ("", '{"role":"service_role"}')
    for bearer, key in (
        (None, PUBLISHABLE.reveal()),
        (sign({"role": "authenticated"}), HIDDEN.reveal()),
        (sign({"role": "authenticated"}), PUBLISHABLE.reveal()),
    ):
        refusal = refusal_of(ask(bearer, apikey=key), keys)
        assert (refusal.code, refusal.status) == ("42501", 403)


def test_single_role_mode_by_postgrests_rules(ask, sign):
    """A token of the service role is answered, no token and another role are refused."""
    keys = postgrest(is_single_role=True)
    assert identify(ask(sign({"role": "service_role"})), keys, NOW).role == ""
    assert refusal_of(ask(), keys).code == "PGRST302"
    assert refusal_of(ask(sign({"role": "web"})), keys).code == "42501"


def test_single_role_mode_needs_a_key():
    """Without a key and a secret it would answer nobody: the configuration can't be used."""
    with pytest.raises(ConfigurationError):
        postgrest(is_single_role=True, jwt_secret=None)


def test_a_single_role_token_is_remembered_as_it_was_signed(ask, sign):
    """Being admitted is decided anew for each request, not remembered with the token."""
    keys = gateway(is_single_role=True)
    key = sign({"role": "service_role"})
    for _ in range(2):
        assert identify(ask(apikey=key), keys, NOW).role == ""


def test_no_secret_is_shown():
    """Neither settings nor keys show a secret when they are printed."""
    shown = repr(gateway().settings)
    for secret in (TEXT_SECRET, PUBLISHABLE, HIDDEN):
        assert secret.reveal() not in shown


def test_a_message_without_headers_is_anonymous():
    """A bare message is the anonymous role's."""
    assert identify(Message(method="GET", path="/"), postgrest(), NOW).is_anonymous
