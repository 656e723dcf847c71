"""Where requests go."""

import pytest

from changeover.gateway.place import Kind, place


@pytest.mark.parametrize(
    ("path", "kind", "below"),
    [
        ("/item", Kind.API, "/item"),
        ("/rest/v1/item", Kind.API, "/item"),
        ("/rest/v1/rpc/add", Kind.API, "/rpc/add"),
        ("/rest/v1/", Kind.API, "/"),
        ("/rest/v1", Kind.API, "/"),
        ("/rest/v10", Kind.API, "/rest/v10"),
        ("/rest", Kind.API, "/rest"),
        ("/", Kind.API, "/"),
        ("/auth/v1/token", Kind.SERVICE, "/auth/v1/token"),
        ("/auth/v1", Kind.SERVICE, "/auth/v1"),
        ("/auth/v12", Kind.API, "/auth/v12"),
        ("/auth", Kind.API, "/auth"),
        ("/realtime/v1/websocket", Kind.SERVICE, "/realtime/v1/websocket"),
        ("/-/live", Kind.LIVE, "/-/live"),
        ("/-/ready", Kind.READY, "/-/ready"),
        ("/-/other", Kind.API, "/-/other"),
        ("*", Kind.API, "/*"),
        ("/rest/v1/%D0%97%D0%B0", Kind.API, "/%D0%97%D0%B0"),
    ],
)
def test_a_path_has_its_place(path, kind, below):
    """The mount and the root are the API, other services' paths are theirs, `-` is health."""
    found = place(path, has_health=True)
    assert (found.kind, found.path) == (kind, below)


def test_health_is_a_path_like_others_where_it_is_not_served():
    """Without health on the API's port PostgREST's error answers there."""
    assert place("/-/live", has_health=False).kind is Kind.API
