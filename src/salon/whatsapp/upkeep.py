"""What a store's owner has done every few minutes: the cleanup, and the check of health.

Owns when which is due, and what is counted. Knows no backend.
"""

import datetime as dt
from itertools import pairwise

from changeover import Filter, gte, is_null, lt
from salon.whatsapp.driver import Setup, call
from salon.whatsapp.health import AGES_DAYS, Health, Rounds, Status, Tended, is_due, status_of
from salon.whatsapp.operation import Cleanup, Count, Steps
from salon.whatsapp.session import Asking
from salon.whatsapp.spelling import MISSPELLED


class UpkeepMethods(Asking):
    """What both colours of a store do for all sessions."""

    def __init__(self, setup: Setup) -> None:
        """Take the surroundings."""
        self.setup = setup
        self.rounds = Rounds()

    @call
    def cleanup(self) -> Steps[int]:
        """Delete the keys of all sessions that have expired; return how many."""
        return (yield from self._cleanup())

    def _cleanup(self) -> Steps[int]:
        found: int = yield from self.ask(Cleanup(before=self.now()))
        return found

    @call
    def health(self) -> Steps[Health]:
        """Return how the sessions are; it never raises, and what is unknown is never healthy."""
        return (yield from self._health())

    def _health(self) -> Steps[Health]:
        try:
            return (yield from self._numbers())
        except Exception as error:  # noqa: BLE001 - a check that can't be made is its own result
            return Health(status=Status.UNKNOWN, problem=type(error).__name__)

    def _numbers(self) -> Steps[Health]:
        now = self.now()
        expired = yield from self._count(lt("expires_at", now.isoformat()))
        bounds = [(now - dt.timedelta(days=days)).isoformat() for days in AGES_DAYS]
        ages = [(yield from self._count(gte("updated_at", bounds[0])))]
        for newer, older in pairwise(bounds):
            ages.append((yield from self._count(lt("updated_at", newer), gte("updated_at", older))))
        ages.append((yield from self._count(lt("updated_at", bounds[-1]))))
        return Health(
            status=status_of(expired),
            expired=expired,
            ages=tuple(ages),
            undated=(yield from self._count(is_null("updated_at"))),
            misspelled=(yield from self._count(MISSPELLED)),
        )

    def _count(self, *filters: Filter) -> Steps[int]:
        found: int = yield from self.ask(Count(filters=filters))
        return found

    @call
    def tend(self) -> Steps[Tended]:
        """Do what is due of the cleanup and the check of health; call it every minute or so.

        One process does it, under the authority in force: the store asks who has it each time.
        """
        now, settings, rounds = self.now(), self.setup.settings, self.rounds
        health, is_alarm, deleted, failed = None, False, None, None
        if is_due(rounds.looked, settings.health_every, now):
            health = yield from self._health()
            rounds.looked = now
            is_bad = health.status is not Status.HEALTHY
            is_alarm = is_bad and is_due(rounds.alarmed, settings.alarm_every, now)
            rounds.alarmed = now if is_alarm else rounds.alarmed
        if is_due(rounds.cleaned, settings.cleanup_every, now):
            try:
                deleted = yield from self._cleanup()
                rounds.cleaned = now
            except Exception as error:  # noqa: BLE001 - the round reports it, and it stays due
                failed = error
        return Tended(health=health, is_alarm=is_alarm, deleted=deleted, error=failed)
