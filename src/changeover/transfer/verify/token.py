"""A token: what tells that the mirror has passed everything that was committed before."""

import time
import uuid
from typing import Final

from changeover.transfer.verify.session import Session

POLL_S: Final = 0.01


class Tokens:
    """Asks the mirror to pass, through a session with the target's control schema.

    Attributes:
        is_silent: Nobody is there to answer; set it, and nobody is waited for again.
    """

    def __init__(self, session: Session | None) -> None:
        """Ask through `session`, or nobody where there is no control schema."""
        self._session = session
        self.is_silent = session is None

    def passed(self, wait_s_max: float) -> bool:
        """Wait until the mirror has passed what is committed now.

        Args:
            wait_s_max: Longest wait in seconds.

        Returns:
            False if nobody answered.
        """
        if self._session is None or self.is_silent:
            return False
        token = str(uuid.uuid4())
        self._session.rows("put_token", "asking the mirror to pass", (token,))
        try:
            return self._is_answered(token, time.monotonic() + wait_s_max)
        finally:
            self._session.rows("remove_token", "withdrawing a token", (token,))

    def _is_answered(self, token: str, until: float) -> bool:
        assert self._session is not None, "nobody is asked without a session"
        while True:
            found = self._session.rows("read_token", "waiting for the mirror", (token,))
            if found and found[0][0]:
                return True
            if time.monotonic() >= until:
                return False
            time.sleep(POLL_S)
