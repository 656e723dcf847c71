"""A TCP proxy between a client and an HTTP API: the faults of `proxy.py`, and a lost answer."""

from proxy import BLOCK, FaultProxy, Way


class HttpFaultProxy(FaultProxy):
    """Passes bytes on as they come: HTTP has no frames that `proxy.py` could read."""

    def __init__(self, port):
        """Begin to pass connections on to a port of this machine."""
        self._answers_to_lose = 0
        self.answers_lost = 0
        super().__init__(port)

    def lose_answers(self, count):
        """Drop the next answers to POST requests and reset their connections."""
        with self._changing():
            self._answers_to_lose = count

    def heal(self):
        """Pass everything on again; bytes that were held go on."""
        super().heal()
        with self._changing():
            self._answers_to_lose = 0

    def _read(self, connection, stream):
        block = stream.source.recv(BLOCK)
        if not block:
            stream.is_ended = True
            if not stream.pending:
                self._end(stream)
            self._close_ended(connection)
            return
        if stream.is_mute:
            return
        if stream.way is Way.TO_SERVER and block.startswith(b"POST "):
            connection.streams[Way.TO_CLIENT].part[:] = b"POST"
        if stream.way is Way.TO_CLIENT and self._loses(stream):
            self._reset(connection)
            return
        stream.pending += block
        self._flush(connection, stream)

    def _loses(self, stream):
        """Whether this is the answer to a POST, and to be lost."""
        if not stream.part or not self._answers_to_lose:
            stream.part.clear()
            return False
        self._answers_to_lose -= 1
        self.answers_lost += 1
        return True
