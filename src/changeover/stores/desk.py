"""What a snapshot makes of messages: their scripts, kept by the shape of the request."""

from threading import Lock
from typing import Final

from changeover.catalog.snapshot import Snapshot
from changeover.engine import plan as planning
from changeover.engine import render
from changeover.engine.message import Message
from changeover.engine.request import parse
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import Shape
from changeover.stores.errand import Errand, Script
from changeover.stores.frame import Frames
from changeover.stores.key import Identity

SCRIPTS_MAX: Final = 1000


class Desk:
    """One snapshot of the catalog and all that was planned from it.

    Attributes:
        snapshot: What the database held.
        generation: Counts up with every snapshot that differs from the one before.
    """

    def __init__(
        self, settings: ApiSettings, snapshot: Snapshot, generation: int, *, is_pooled: bool
    ) -> None:
        """Plan nothing yet.

        Args:
            settings: What the API allows.
            snapshot: What the database holds.
            generation: Its number.
            is_pooled: Whether frames carry the pins themselves.
        """
        self.snapshot: Final = snapshot
        self.generation: Final = generation
        self._settings = settings
        self._frames = Frames(settings, snapshot, is_pooled=is_pooled)
        self._scripts: dict[Shape, Script] = {}
        self._lock = Lock()

    def errand(self, message: Message, identity: Identity) -> Errand:
        """Return what is to be run for a message.

        Args:
            message: What was asked.
            identity: Who asks.

        Raises:
            Refusal: It can't be read, or names what is not there.
        """
        request = parse(message, self._settings)
        script = self._scripts.get(request.shape)
        if script is None:
            plan = planning.resolve(request.shape, self.snapshot, self._settings)
            script = Script.of(plan, render.work(plan))
            self._remember(request.shape, script)
        return Errand(
            message,
            identity,
            request,
            script,
            self._frames,
            self.generation,
            self._settings.transaction_end,
        )

    def _remember(self, shape: Shape, script: Script) -> None:
        with self._lock:
            while len(self._scripts) >= SCRIPTS_MAX:
                del self._scripts[next(iter(self._scripts))]
            self._scripts[shape] = script
