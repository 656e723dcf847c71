"""Which public methods the official client's builders have, and which of them a case uses."""

import inspect
from types import ModuleType
from typing import Any

import postgrest._async.client
import postgrest._async.request_builder
import postgrest._sync.client
import postgrest._sync.request_builder
import postgrest.base_client
import postgrest.base_request_builder

MODULES = {
    "sync": (
        postgrest.base_client,
        postgrest.base_request_builder,
        postgrest._sync.client,
        postgrest._sync.request_builder,
    ),
    "async": (
        postgrest.base_client,
        postgrest.base_request_builder,
        postgrest._async.client,
        postgrest._async.request_builder,
    ),
}


def _classes(module: ModuleType) -> list[type]:
    return [
        one
        for name, one in inspect.getmembers(module, inspect.isclass)
        if one.__module__ == module.__name__ and ("Builder" in name or "Client" in name)
    ]


def public_methods(colour: str) -> set[str]:
    """Return the builders' public methods and properties, each where it is defined.

    Args:
        colour: `sync` or `async`.
    """
    return {
        f"{one.__name__}.{name}"
        for module in MODULES[colour]
        for one in _classes(module)
        for name, value in vars(one).items()
        if not name.startswith("_") and (inspect.isfunction(value) or isinstance(value, property))
    }


class Spy:
    """Stands before a builder and writes down which of its methods are used, and where defined."""

    def __init__(self, builder: Any, used: set[str]) -> None:
        """Stand before a builder."""
        self._builder = builder
        self._used = used

    def __getattr__(self, name: str) -> Any:
        """Note the use; what is returned is watched too."""
        home = next((one for one in type(self._builder).__mro__ if name in vars(one)), None)
        if home is not None:
            self._used.add(f"{home.__name__}.{name}")
        value = getattr(self._builder, name)
        if not callable(value):
            return Spy(value, self._used)
        return lambda *given, **named: Spy(value(*given, **named), self._used)
