"""Where the role stands in a token."""

import pytest

from changeover.model.errors import ConfigurationError
from changeover.stores.claim_path import ClaimPath

CLAIMS = {
    "role": "web",
    "a": {"b": [{"c": "first"}, "second"], "x y": 1},
    "roles": ["guest", "app_editor", "app_admin"],
    "groups": [{"name": "x", "rank": 1}, {"name": "y", "rank": 5}],
    "nothing": None,
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.role", "web"),
        ("$['role']", "web"),
        ('$["a"]["x y"]', 1),
        ("$.a.b[0].c", "first"),
        ("$.a.b[-1]", "second"),
        ("$.roles[1:]", "app_editor"),
        ("$.roles[::-1]", "app_admin"),
        ("$.roles[*]", "guest"),
        ("$.*", "web"),
        ("$..c", "first"),
        ("$['missing', 'role']", "web"),
        ("$.roles[?search(@, '^app_')]", "app_editor"),
        ("$.roles[?search(@, 'min$')]", "app_admin"),
        ("$.roles[?@ == 'app_admin']", "app_admin"),
        ("$.groups[?@.rank > 2].name", "y"),
        ("$.groups[?@.rank >= 1 && !(@.name == 'x')].name", "y"),
        ("$.groups[?@.missing || @.rank == 5].name", "y"),
        ("$.groups[?@.name].rank", 1),
        ("$.nothing", None),
        (".role", "web"),
        ('.a."x y"', 1),
        (".a.b[0].c", "first"),
        (".role[0:2]", "we"),
        (".role[-1:]", "b"),
        ('.roles[?(@ == "app_admin")]', "app_admin"),
        ('.roles[?(@ != "guest")]', "app_editor"),
        ('.roles[?(@ ^== "app")]', "app_editor"),
        ('.roles[?(@ ==^ "admin")]', "app_admin"),
        ('.roles[?(@ *== "_ad")]', "app_admin"),
    ],
)
def test_a_path_leads_to_the_first_hit(path, found):
    """Both notations lead to the first value that they fit."""
    assert ClaimPath.parse(path).first(CLAIMS) == (True, found)


@pytest.mark.parametrize(
    "path",
    [
        "$.missing",
        "$.role.x",
        "$.roles[9]",
        "$.a[0]",
        ".missing",
        ".roles[7]",
        "$.roles[0:3:0]",
        "$.roles[?search(@, '(')]",
        "$.roles[?@ < 3]",
        "$.groups[?@.rank == true]",
    ],
)
def test_a_path_may_lead_nowhere(path):
    """What is not there is no hit, and no error."""
    assert ClaimPath.parse(path).first(CLAIMS) == (False, None)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "role",
        "$.",
        "$[",
        "$[1.5]",
        "$[]",
        "$.a b",
        "$[?]",
        "$[?1]",
        "$[?match(@, 'a')]",
        ".",
        ".a[",
        ".a[?(@ > 1)]",
        ".a..b",
        "$.a[?search(@)]",
        "$[?@ == foo]",
        "$[:x]",
    ],
)
def test_what_is_no_path_is_refused(path):
    """Neither notation: the configuration can't be used."""
    with pytest.raises(ConfigurationError):
        ClaimPath.parse(path)
