"""The configurations that cases run under, in PostgREST's own words."""

from collections.abc import Mapping
from typing import Final

SECRET: Final = "a secret of the suite, long enough for HS256"  # noqa: S105 - of these tests

PLAIN: Final[Mapping[str, str]] = {
    "db-schemas": "api, other",
    "db-extra-search-path": "extra",
    "db-anon-role": "visitor",
    "db-tx-end": "rollback",  # so that no case leaves a trace
    "db-aggregates-enabled": "true",
    "db-config": "false",
    "db-channel-enabled": "false",
    "db-pool": "2",
    "jwt-secret": SECRET,
}

PROFILES: Final[Mapping[str, Mapping[str, str]]] = {
    "plain": {},
    "no-aggregates": {"db-aggregates-enabled": "false"},
    "capped": {"db-max-rows": "2"},
    "tight": {"db-max-rows": "1"},
    "no-root": {"openapi-mode": "disabled"},
    "with-plans": {"db-plan-enabled": "true"},
    "committing": {"db-tx-end": "commit-allow-override"},
    "strict-names": {"url-use-legacy-target-names": "false"},
    "terse": {"client-error-verbosity": "minimal"},
    "single": {"db-schemas": "api"},
    "guarded": {"db-pre-request": "private.before_each"},
    "no-anonymous": {"db-anon-role": ""},
    "no-secret": {"jwt-secret": ""},
    "audience": {"jwt-aud": "ships"},
    "role-key": {"jwt-role-claim-key": "$.app.roles[0]"},
    "with-settings": {"app.settings.colour": "teal"},
}


def configuration(name: str) -> dict[str, str]:
    """Return the configuration of a profile."""
    return {**PLAIN, **PROFILES[name]}
