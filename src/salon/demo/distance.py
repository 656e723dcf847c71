"""A stretch of network: passes TCP connections on and lets every answer arrive late.

So a server on this machine is as far away as a provider's. Run as
``python -m salon.demo.distance --config FILE.json``; SIGTERM ends it.
"""

import argparse
import asyncio
import os
import signal
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from salon.demo.process import Config

BLOCK: Final = 65_536
LOOK_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class DistanceConfig(Config):
    """What the process is told.

    Attributes:
        upstream_port: The port of this machine that is far away.
        port_file: Where it writes down the port that it listens on.
        delay_ms: How late an answer arrives.
    """

    upstream_port: int
    port_file: str
    delay_ms: float = 20.0


class Distance:
    """Passes connections on to a port."""

    def __init__(self, config: DistanceConfig) -> None:
        """Prepare; nothing listens yet."""
        self._config = config

    async def serve(self, ended: asyncio.Event) -> None:
        """Listen until told to end."""
        server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        path = Path(self._config.port_file)
        path.with_suffix(".new").write_text(str(port), encoding="ascii")
        path.with_suffix(".new").rename(path)
        async with server:
            await ended.wait()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(
                "127.0.0.1", self._config.upstream_port
            )
        except OSError:
            writer.close()
            return
        there = asyncio.create_task(_carry(reader, far_writer, 0.0))
        await _carry(far_reader, writer, self._config.delay_ms / 1000)
        there.cancel()
        for one in (writer, far_writer):
            one.close()


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float
) -> None:
    """Pass blocks on in their order, each so much later than it came."""
    loop = asyncio.get_running_loop()
    waiting: deque[bytes] = deque()

    def arrive() -> None:
        writer.write(waiting.popleft())

    with suppress(ConnectionError):
        while block := await reader.read(BLOCK):
            if not delay_s:
                writer.write(block)
                await writer.drain()
                continue
            waiting.append(block)
            loop.call_later(delay_s, arrive)
        await asyncio.sleep(delay_s)
        if writer.can_write_eof():
            writer.write_eof()


async def _run(config: DistanceConfig) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    parent = os.getppid()
    serving = asyncio.create_task(Distance(config).serve(ended))
    while not ended.is_set() and os.getppid() == parent:
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), LOOK_S)
    ended.set()
    await serving


def main(arguments: list[str] | None = None) -> int:
    """Pass connections on until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m salon.demo.distance", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="its settings, as JSON")
    asyncio.run(_run(DistanceConfig.load(parser.parse_args(arguments).config)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
