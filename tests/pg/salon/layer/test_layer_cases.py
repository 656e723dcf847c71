"""All 21 methods on three ways and in two colours, held against SQL by hand."""

import pytest
from layer_case import LISTS, REFUSED_READS, REFUSED_WRITES, SINGLE_READS, VISITS, WRITES
from layer_oracle import QUESTIONS, TARGETS
from layer_way import differences

from salon.layer import DataLayer
from salon.layer.call import Call

HEALTH = {"healthy": True, "maxTimeout": 5000}


@pytest.fixture(params=["blocking", "awaited"])
def colour(request):
    """The ways of both colours in turn."""
    return request.getfixturevalue("ways" if request.param == "blocking" else "awaited_ways")


@pytest.mark.parametrize("case", [*SINGLE_READS, *VISITS, *LISTS], ids=str)
def test_a_read_is_what_the_database_holds(case, colour):
    """A read gives on every way exactly what SQL by hand finds."""
    assert differences(case, colour) == []


@pytest.mark.parametrize("cases", [REFUSED_READS, REFUSED_WRITES], ids=["reads", "writes"])
def test_a_bad_argument_is_refused(cases, colour):
    """A bad argument raises the same error on every way, and nothing else happens."""
    assert [text for case in cases for text in differences(case, colour)] == []


@pytest.mark.parametrize("case", WRITES, ids=str)
def test_a_write_is_stored_as_it_is_meant(case, colour):
    """A write returns and leaves on every way what SQL by hand makes of the same rows."""
    assert differences(case, colour) == []


def test_the_health_check_answers(colour):
    """The health check says that the database answers, and how long it took."""
    for way in colour:
        answer = way.call("health_check", {})
        taken = answer.pop("responseTime")
        assert answer == HEALTH
        assert isinstance(taken, int)
        assert 0 <= taken <= 5000


def test_there_are_21_methods():
    """The data layer has the 21 methods, and no other."""
    assert sorted(
        name for name in dir(DataLayer) if isinstance(getattr(DataLayer, name), Call)
    ) == (sorted({*QUESTIONS, *TARGETS, "health_check"}))
    assert len({*QUESTIONS, *TARGETS, "health_check"}) == 21
