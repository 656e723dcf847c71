"""Several observers."""

import logging

from changeover.model.routing_observation import OwnWriteDiverted
from changeover.routing.audience import Audience


def test_one_that_fails_harms_nobody_and_is_logged_once(caplog):
    """The others are told all the same; the text of the failure is not logged."""

    def fail(_seen):
        raise RuntimeError("planted-secret")

    seen = []
    audience = Audience(fail, seen.append)
    with caplog.at_level(logging.ERROR, logger="changeover"):
        audience(OwnWriteDiverted())
        audience(OwnWriteDiverted())
    assert seen == [OwnWriteDiverted()] * 2
    [record] = caplog.records
    assert "RuntimeError" in record.getMessage()
    assert "planted-secret" not in caplog.text
