"""Paths, verbs and profiles, in the order in which they are checked."""

import itertools

import pytest

from changeover.engine.message import Message
from changeover.engine.refusal import Refusal
from changeover.engine.request import parse
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import Action
from changeover.model.name import TableName

SETTINGS = ApiSettings(schemas=("one", "two"))


def read(method, path, settings=SETTINGS, **more):
    """Parse a request that has a body where one is needed."""
    return parse(Message(method=method, path=path, body=b"{}", **more), settings)


def refused(method, path, settings=SETTINGS, **more):
    """Return what a request is refused with."""
    with pytest.raises(Refusal) as caught:
        read(method, path, settings, **more)
    return caught.value


@pytest.mark.parametrize(
    ("path", "name", "is_function"),
    [
        ("/note", "note", False),
        ("/rpc", "rpc", False),
        ("/a%2Fb%20c", "a/b c", False),
        ("/a+b", "a+b", False),
        ("/rpc/f", "f", True),
        ("/rpc/%D1%8F", "я", True),
        ("/%FF", "\ufffd", False),
        ("/", "", False),
        ("", "", False),
    ],
)
def test_paths(path, name, is_function):
    """One part is a relation, two after `rpc` a function, none the root."""
    shape = read("OPTIONS", path).shape
    assert (shape.name, shape.is_function) == (name, is_function)


@pytest.mark.parametrize("path", ["/note/", "//", "/a/b", "/rpc/f/", "/rpc/f/g", "/RPC/f"])
def test_other_paths_are_refused(path):
    """A slash too many is another path."""
    found = refused("BREW", path, headers=(("accept-profile", "none"),))
    assert (found.code, found.message) == ("PGRST125", "Invalid path specified in request URL")


VERBS = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS", "TRACE", "get")
TABLE = {
    "/note": {
        "GET": Action.READ,
        "HEAD": Action.READ,
        "POST": Action.INSERT,
        "PATCH": Action.UPDATE,
        "PUT": Action.PUT,
        "DELETE": Action.DELETE,
        "OPTIONS": Action.INSPECT,
    },
    "/rpc/f": {
        "GET": Action.CALL,
        "HEAD": Action.CALL,
        "POST": Action.CALL,
        "OPTIONS": Action.INSPECT,
    },
    "/": {"GET": Action.ROOT, "HEAD": Action.ROOT, "OPTIONS": Action.INSPECT},
}


@pytest.mark.parametrize(("path", "method"), list(itertools.product(TABLE, VERBS)))
def test_every_verb_acts_or_is_refused(path, method):
    """The table of resources and verbs, cell by cell."""
    action = TABLE[path].get(method)
    if action is not None:
        assert read(method, path).shape.action is action
        return
    found = refused(method, path)
    if path == "/rpc/f":
        assert found.message == f"Cannot use the {method} method on RPC"
        assert found.code == "PGRST101"
    else:
        assert found.message == f"Unsupported HTTP method: {method}"
        assert found.code == "PGRST117"
    assert found.status == 405


def test_the_root_may_be_a_function():
    """`db-root-spec` names what `/` calls."""
    settings = ApiSettings(root_function=TableName("", "hello"))
    shape = read("GET", "/", settings).shape
    assert (shape.action, shape.name, shape.schema) == (Action.CALL, "hello", "public")
    assert refused("PUT", "/", settings).code == "PGRST101"


def test_the_root_may_be_closed():
    """Without OpenAPI there is no root, whatever the verb."""
    settings = ApiSettings(has_root=False, root_function=TableName("", "hello"))
    assert refused("BREW", "/", settings).code == "PGRST126"


BOTH = (("accept-profile", "one"), ("content-profile", "two"))


@pytest.mark.parametrize(
    ("method", "schema"),
    [
        ("GET", "one"),
        ("HEAD", "one"),
        ("OPTIONS", "one"),
        ("POST", "two"),
        ("PATCH", "two"),
        ("PUT", "two"),
        ("DELETE", "two"),
    ],
)
def test_the_verb_chooses_the_profile(method, schema):
    """A client may send both headers with every request."""
    request = read(method, "/note", headers=BOTH)
    assert request.shape.schema == schema
    assert request.is_profile_shown


def test_the_first_schema_is_the_default():
    """It is shown where several are exposed."""
    assert read("GET", "/note").shape.schema == "one"
    assert read("GET", "/note").is_profile_shown
    assert not read("GET", "/note", ApiSettings()).is_profile_shown


def test_an_unknown_schema_is_refused_before_the_verb():
    """The text names it, the hint those that are exposed."""
    found = refused("BREW", "/note", headers=(("accept-profile", "x\udc80"),))
    assert (found.code, found.status) == ("PGRST106", 406)
    assert found.message == "Invalid schema: x?"
    assert found.hint == "Only the following schemas are exposed: one, two"
    assert found.details is None
