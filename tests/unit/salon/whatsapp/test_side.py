"""Who has the authority: when it is asked, and what holds while nobody answers."""

import pytest

from changeover import CannotConnectError, Side, Stage, Standing
from salon.whatsapp import Authority


class Tables:
    """Control tables that answer what they are told to."""

    def __init__(self):
        self.primary, self.asked, self.is_away = Side.SOURCE, 0, False

    def read(self):
        """Return where the move stands."""
        self.asked += 1
        if self.is_away:
            raise CannotConnectError("away")
        return Standing(stage=Stage.LIVE, primary=self.primary, is_swapping=False)


def test_an_authority_is_believed_for_a_while_and_not_after_a_refusal():
    """Asked once within its time; anew after it, and at once when a fence has refused."""
    tables, now = Tables(), [0.0]
    authority = Authority(tables.read, poll_s=1.0, timer=lambda: now[0])
    assert [authority.primary() for _ in range(3)] == [Side.SOURCE] * 3
    assert tables.asked == 1
    tables.primary = Side.TARGET
    authority.refused()
    assert authority.primary() is Side.TARGET
    tables.primary = Side.SOURCE
    now[0] = 1.0
    assert authority.primary() is Side.SOURCE


def test_an_unknown_authority_is_an_error_and_a_known_one_stays_in_an_outage():
    """Nobody guesses a side; the secondary's fence guards the one that was known."""
    tables = Tables()
    tables.is_away = True
    authority = Authority(tables.read, poll_s=0.0)
    with pytest.raises(CannotConnectError):
        authority.primary()
    tables.is_away, tables.primary = False, Side.TARGET
    assert authority.primary() is Side.TARGET
    tables.is_away = True
    assert authority.primary() is Side.TARGET
