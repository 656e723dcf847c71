"""How a case that is known not to hold is marked: it must fail, so that mending it is noticed."""

import pytest

from suite.case import Case


def marked(case: Case) -> list[pytest.MarkDecorator]:
    """Return a case's marks."""
    if case.fails is None:
        return []
    return [pytest.mark.xfail(reason=case.fails, strict=True)]
