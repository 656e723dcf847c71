"""One process of Changeover: the mirror daemon, an operator, or a copy.

Run as ``python runner.py --config FILE ROLE``; prints one JSON line per thing that it did.
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

from arming import Arm

from changeover.control import swap as machine
from changeover.control.move import Move
from changeover.control.swap import Kind
from changeover.database import Endpoint
from changeover.journey import daemon
from changeover.journey.cutover import cutover, evaluate, rollback
from changeover.model.errors import ChangeoverError, GateRefusedError
from changeover.model.fault import Hooks
from changeover.model.observation import MirrorFailed, SwapMoved
from changeover.model.secret import Secret
from changeover.model.settings import Settings, decode
from changeover.model.side import Side
from changeover.transfer.copy import copy
from changeover.transfer.verify import verify

GATES_S_MAX = 120.0
POLL_S = 0.05


def mark_aborts(hooks):
    """Make the commit of an abort a point, as the other transitions are, whoever calls it."""
    begin = machine.begin_abort

    def begin_abort(*given):
        hooks.reached("swap.before_abort_committed")
        swap = begin(*given)
        hooks.reached(f"swap.{swap.phase}")
        return swap

    for module in list(sys.modules.values()):
        if getattr(module, "begin_abort", None) is begin:
            module.begin_abort = begin_abort


def say(**what):
    """Print one line of JSON."""
    print(json.dumps(what), flush=True)  # noqa: T201 - this is the process's output


def observe(observation):
    """Print what a test may want to read when it fails."""
    if isinstance(observation, MirrorFailed):
        say(event="mirror_failed", code=observation.code, message=observation.message)
    elif isinstance(observation, SwapMoved):
        say(event="swap_moved", phase=observation.phase, monotonic_s=time.monotonic())


def settings_of(config, deadline_s):
    """Return the settings that a configuration holds."""
    tables = {**config["settings"], "state_directory": config["state_directory"]}
    if deadline_s is not None:
        tables["swap"] = {**tables.get("swap", {}), "deadline_s": deadline_s}
    return decode(tables)


def build(config, hooks, settings: Settings) -> Move:
    """Return the move that a configuration describes."""
    owners = {
        side: Endpoint(
            side=side, dsn=Secret(Path(config[str(side)]).read_text(encoding="utf-8").strip())
        )
        for side in Side
    }
    return Move(owners=owners, settings=settings, hooks=hooks, observer=observe)


def swap(move, kind):
    """Swap as soon as the gates let it; verify when only that is missing."""
    end = time.monotonic() + GATES_S_MAX
    told = None
    while True:
        red = {gate.name: gate.fact for gate in evaluate(move, kind) if not gate.is_green}
        if set(red) != told:
            told = set(red)
            say(event="gates", at_s=time.monotonic(), red=red)
        if set(red) <= {"verified"}:
            if red:
                verify(move)
            try:
                return cutover(move) if kind is Kind.CUTOVER else rollback(move)
            except GateRefusedError:
                if time.monotonic() > end:
                    raise
        elif time.monotonic() > end:
            raise GateRefusedError(f"gates stay red: {red}")
        time.sleep(POLL_S)


def operate(move, kinds):
    """Run swaps one after the other; say how each ended."""
    for kind in kinds:
        began_s = time.monotonic()
        try:
            swapped = swap(move, Kind(kind))
        except ChangeoverError as error:
            say(
                kind=kind,
                outcome="refused",
                error=type(error).__name__,
                code=error.code,
                message=error.message,
            )
            return 1
        say(
            kind=kind,
            outcome="done",
            epoch=swapped.epoch,
            keys_drained=swapped.keys_drained,
            began_s=began_s,
            ended_s=time.monotonic(),
        )
    return 0


def serve(move):
    """Run the daemon until SIGTERM, or until the test is gone."""
    parent = os.getppid()
    told = []
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    daemon.run(move, lambda: bool(told) or os.getppid() != parent)
    return 0


def carry(move):
    """Run the copy."""
    report = copy(move)
    say(outcome="done", rows=report.rows)
    return 0


def main():
    """Be what the arguments say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--arm", default="")
    parser.add_argument("--deadline-s", type=float)
    parser.add_argument("role", choices=("daemon", "swap", "copy"))
    parser.add_argument("kinds", nargs="*")
    arguments = parser.parse_args()
    config = json.loads(arguments.config.read_text(encoding="utf-8"))
    hooks = Hooks.from_environment(os.environ)
    if arguments.arm:
        arm = Arm(**json.loads(arguments.arm))
        hooks = Hooks(faults=hooks.faults, reached=arm.reached)
        mark_aborts(hooks)
    move = build(config, hooks, settings_of(config, arguments.deadline_s))
    if arguments.role == "daemon":
        return serve(move)
    if arguments.role == "copy":
        return carry(move)
    return operate(move, arguments.kinds)


if __name__ == "__main__":
    sys.exit(main())
