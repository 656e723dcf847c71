"""What goes wrong around clients that route: processes killed, networks broken, answers lost.

Each trouble is over when its function returns; what it did may still be felt.
"""

from child import await_

from changeover.model.side import Side

LOST = 2
"""So many answers get lost at once."""


class Troubles:
    """The troubles of a world, in an order drawn by chance."""

    def __init__(self, world, dice, make_client):
        """Take a world.

        Args:
            world: The world.
            dice: The chance.
            make_client: Starts the client of a name anew.
        """
        self._world = world
        self._dice = dice
        self._make_client = make_client
        self._names = sorted(name for name in dir(self) if name.startswith("make_"))
        dice.shuffle(self._names)
        self.met = []

    def meet(self):
        """Make the next trouble."""
        name = self._names.pop(0)
        self._names.append(name)
        self.met.append(name.removeprefix("make_"))
        getattr(self, name)()

    def make_client_killed(self):
        """A client dies with calls under way, and is started anew."""
        name = self._dice.choice(sorted(self._world.clients))
        self._world.clients[name].kill()
        self._make_client(name)

    def make_daemon_killed(self):
        """The mirror dies and a supervisor starts it anew."""
        self._world.daemon.kill()
        self._world.start_daemon()

    def make_api_cut(self):
        """The source's API is cut off and there again."""
        self._world.http.cut()

    def make_answers_lost(self):
        """The source does what it is asked, and the answers get lost."""
        proxy = self._world.http
        if self._world.primary == Side.SOURCE:
            self._lose(proxy, proxy.lose_answers, lambda: proxy.answers_lost)

    def make_target_cut(self):
        """All connections of the applications to the target break."""
        self._world.proxies["writers", "target"].cut()

    def make_commits_lost(self):
        """The target commits, and the answers get lost."""
        proxy = self._world.proxies["writers", "target"]
        if self._world.primary == Side.TARGET:
            self._lose(proxy, proxy.lose_commits, lambda: proxy.commits_lost)

    def make_target_stalled(self):
        """The target accepts and does not answer for a while."""
        proxy = self._world.proxies["writers", "target"]
        proxy.stall()
        self._pass()
        proxy.cut()
        proxy.heal()

    def make_mirror_cut(self):
        """The mirror's and the operators' connections to one side break."""
        self._world.proxies["ours", self._dice.choice(("source", "target"))].cut()

    def make_mirror_stalled(self):
        """The mirror hears nothing of one side for a while: the marker grows old."""
        proxy = self._world.proxies["ours", self._dice.choice(("source", "target"))]
        proxy.stall()
        self._pass()
        proxy.cut()
        proxy.heal()

    def _lose(self, proxy, lose, lost):
        before, primary = lost(), self._world.primary
        lose(LOST)
        await_(lambda: lost() == before + LOST or self._world.primary != primary, self._world.story)
        proxy.heal()

    def _pass(self):
        """Let reads go by; once the target is the primary they wait for what is in trouble."""
        if self._world.primary == Side.SOURCE:
            self._world.await_reads()
