"""`[gateway]` and the keys of the environment, from text to a set-up."""

import dataclasses
import json

import msgspec
import pytest

from changeover.gateway.configuration import configure
from changeover.model.errors import ConfigurationError, MissingSettingError
from changeover.model.name import TableName
from changeover.model.routing_settings import RoutingSettings
from changeover.model.secret import Secret
from changeover.model.settings import GatewaySettings, Resolved
from changeover.routing.setting import Route
from changeover.stores.key import KeyMode

SECRET = "planted-secret-" + "of-at-least-32-bytes"
DATABASE = Resolved(dsn=Secret("host=example"), origin="test")
OF_THE_OPERATOR = {"roles", "client_expiry_s", "client_wait_s_max"}
KEYS = {"SUPABASE_JWT_SECRET": SECRET}


def setup(environment=None, files=None, **table):
    """Return what a table and an environment come to."""
    settings = msgspec.convert(table, GatewaySettings)
    environment = KEYS if environment is None else environment
    return configure(settings, DATABASE, environment, (files or {}).__getitem__)


def route(**table):
    """Return the route that `[routing]` comes to."""
    routing = msgspec.convert(table, RoutingSettings)
    return configure(GatewaySettings(), DATABASE, KEYS, {}.__getitem__, routing=routing).route


def test_a_gateway_routes_where_a_source_is_named():
    """`[routing]` is the route's, its limits included; without a source nothing is routed."""
    assert route(poll_ms=50) is None
    found = route(source_url="https://project.example", poll_ms=50, guard_window_s=5)
    assert found.rest_url == "https://project.example/rest/v1"
    assert (found.poll_ms, found.guard_window_s) == (50, 5.0)
    assert found.name.startswith("gateway on ")


def test_every_setting_of_the_routing_reaches_the_route():
    """A limit that the file takes and the gateway forgot would be worse than none."""
    ours = {field.name for field in msgspec.structs.fields(RoutingSettings)}
    theirs = {field.name for field in dataclasses.fields(Route)}
    assert ours - theirs <= OF_THE_OPERATOR


def test_a_source_that_is_no_url_is_refused():
    """The mistake is found before anybody is listened to."""
    with pytest.raises(ConfigurationError, match="not one of http"):
        route(source_url="project.example")


def revealed(keys):
    """Return keys as they are."""
    return [key.reveal() for key in keys]


def test_the_defaults_are_the_platforms():
    """1000 rows, the roles anon and service_role, the path with extensions, health beside it."""
    found = setup()
    assert found.api.rows_max == 1000
    assert found.api.schemas == ("public",)
    assert found.api.extra_search_path == ("public", "extensions")
    assert found.keys.mode is KeyMode.SUPABASE
    assert (found.keys.anonymous_role, found.keys.service_role) == ("anon", "service_role")
    assert found.keys.jwt_secret.reveal() == SECRET
    assert found.has_health
    assert found.channel == "pgrst"
    assert found.status_logged_min == 0


def test_limits_of_rows():
    """0 is no limit; single tables have their own."""
    found = setup(max_rows=0, max_rows_of={"public.item": 5, "public.log": 0})
    assert found.api.rows_max is None
    assert found.api.rows_max_of == {
        TableName("public", "item"): 5,
        TableName("public", "log"): None,
    }


def test_a_limit_needs_a_schema():
    """A table without a schema is refused by name."""
    with pytest.raises(ConfigurationError, match="'item' in max_rows_of"):
        setup(max_rows_of={"item": 5})


def test_a_function_before_each_request_is_named_with_its_schema():
    """`pre_request` is what PostgREST calls db-pre-request."""
    assert setup(pre_request="public.check_it").api.pre_request == TableName("public", "check_it")
    with pytest.raises(ConfigurationError, match="'check_it' in pre_request"):
        setup(pre_request="check_it")


def test_new_keys_come_one_by_one_or_listed():
    """Single keys, JSON objects and lists, texts with commas."""
    found = setup(
        {
            "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_a",
            "SUPABASE_PUBLISHABLE_KEYS": '{"default": "sb_publishable_b"}',
            "SUPABASE_SECRET_KEY": "@/run/key",
            "SUPABASE_SECRET_KEYS": "sb_secret_b, sb_secret_c",
        },
        {"/run/key": "sb_secret_a\n"},
    )
    assert revealed(found.keys.publishable_keys) == ["sb_publishable_a", "sb_publishable_b"]
    assert revealed(found.keys.secret_keys) == ["sb_secret_a", "sb_secret_b", "sb_secret_c"]
    assert found.keys.jwt_secret is None


def test_legacy_keys_are_tokens_where_they_can_be_verified():
    """With the secret that signed them they are read, without it they are known by sight."""
    legacy = {"SUPABASE_ANON_KEY": "a.b.c", "SUPABASE_SERVICE_ROLE_KEY": "d.e.f"}
    by_sight, verified = setup(legacy), setup(legacy | KEYS)
    assert revealed(by_sight.keys.publishable_keys) == ["a.b.c"]
    assert revealed(by_sight.keys.secret_keys) == ["d.e.f"]
    assert verified.keys.publishable_keys == verified.keys.secret_keys == ()


def test_a_key_set_and_a_secret_are_one():
    """Both kinds of tokens are verified where both are given."""
    key = {"kty": "EC", "kid": "1"}
    found = setup(KEYS | {"SUPABASE_JWKS": json.dumps({"keys": [key]})})
    keys = json.loads(found.keys.jwt_secret.reveal())["keys"]
    assert keys[0] == key
    assert (keys[1]["kty"], keys[1]["alg"]) == ("oct", "HS256")


@pytest.mark.parametrize(
    "environment",
    [
        {"SUPABASE_SECRET_KEYS": "{planted"},
        {"SUPABASE_SECRET_KEYS": '{"planted": 1}'},
        {"SUPABASE_JWKS": "planted"},
        {"SUPABASE_JWKS": '"planted"'},
    ],
)
def test_keys_that_can_not_be_read_are_refused(environment):
    """The error names the variable and shows nothing of it."""
    with pytest.raises(ConfigurationError) as raised:
        setup(environment)
    assert next(iter(environment)) in raised.value.message
    assert "planted" not in raised.value.message


def test_without_keys_nobody_would_be_answered():
    """No key at all is refused at the start."""
    with pytest.raises(MissingSettingError, match="no key"):
        setup({})


def test_behind_a_pooler_nothing_is_listened_to():
    """LISTEN does not outlive a transaction there."""
    found = setup(is_pooled=True)
    assert found.pool.is_pooled
    assert found.channel == ""


def test_the_server_is_configured():
    """Places, limits and the way to the project."""
    found = setup(
        port=8000,
        admin_port=8001,
        upstream="https://project.example",
        origins=("https://a.example",),
        body_bytes_max=10,
        request_s_max=2.5,
        requests_max=3,
        has_access_log=False,
    )
    assert found.listening.port == 8000
    assert found.admin.port == 8001
    assert found.upstream == "https://project.example"
    assert found.origins == ("https://a.example",)
    limits = found.limits
    assert (limits.body_bytes_max, limits.request_s_max, limits.requests_max) == (10, 2.5, 3)
    assert found.status_logged_min > 599
