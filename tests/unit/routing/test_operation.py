"""What a request asks, by its verb and path."""

import pytest

from changeover.engine.message import Message
from changeover.model.routing_observation import Operation
from changeover.routing.operation import named


@pytest.mark.parametrize(
    ("method", "path", "prefer", "table", "operation"),
    [
        ("GET", "/booking", "", "booking", Operation.SELECT),
        ("HEAD", "/booking", "", "booking", Operation.SELECT),
        ("POST", "/booking", "return=minimal", "booking", Operation.INSERT),
        ("POST", "/booking", "resolution=merge-duplicates", "booking", Operation.UPSERT),
        ("PUT", "/booking", "", "booking", Operation.UPSERT),
        ("PATCH", "/%D0%97%D0%B0", "", "За", Operation.UPDATE),
        ("DELETE", "/booking", "", "booking", Operation.DELETE),
        ("POST", "/rpc/total", "", "rpc/total", Operation.CALL),
        ("GET", "/rpc/total", "", "rpc/total", Operation.CALL),
        ("GET", "/", "", "", Operation.OTHER),
        ("OPTIONS", "/booking", "", "booking", Operation.OTHER),
    ],
)
def test_an_operation_is_named_by_verb_and_path(method, path, prefer, table, operation):
    """Tables and functions are told apart, an insert that merges is an upsert."""
    headers = (("prefer", prefer),) if prefer else ()
    assert named(Message(method=method, path=path, headers=headers)) == (table, operation)
