"""Holding the scene: servers, writers and application run, and a person types the commands."""

import time
from contextlib import ExitStack

from salon.demo import judge
from salon.demo.cast import Cast
from salon.demo.conclusion import Options
from salon.demo.scene import Scene
from salon.demo.terminal import Voice

POLL_S = 0.5


def hold(scene: Scene, options: Options, voice: Voice) -> int:
    """Let the writers write until Ctrl-C, then judge their ledgers.

    Args:
        scene: Both databases, ready for the move.
        options: How many writers, and how fast.
        voice: Tells where to go on, and what was counted.

    Returns:
        The exit code: 3 if a write was lost, extra or failed.
    """
    with ExitStack() as processes:
        cast = Cast(scene, processes)
        cast.start(writers=options.writers, rate_per_s=options.rate_per_s, scale=options.scale)
        cast.start_gateway()
        cast.start_applications(rate_per_s=options.calls_per_s)
        voice.say("writers and an application write to the source; in another terminal:")
        voice.say(f"  cd {scene.place.directory} && changeover status")
        voice.say("Ctrl-C ends the writers and judges their ledgers")
        try:
            while not cast.dead:
                time.sleep(POLL_S)
            voice.say(f"{cast.dead} process(es) have ended by themselves")
        except KeyboardInterrupt:
            voice.say("the writers end")
        cast.end_writers()
        cast.end_applications()
    judgement = judge.count(scene, None).judgement
    voice.say(
        f"acknowledged {judgement.acknowledged}, unknown {judgement.unknown}, "
        f"lost {len(judgement.lost)}, extra {len(judgement.extra) + len(judgement.doubled)}, "
        f"failed {len(judgement.failed)}; the primary is the {judge.read_primary(scene)}"
    )
    return 0 if judgement.is_clean else 3
