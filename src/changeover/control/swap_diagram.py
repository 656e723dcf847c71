"""The picture of a swap, drawn from its table of transitions."""

from changeover.control.swap import TRANSITIONS, Phase


def diagram() -> str:
    """Return the table of transitions as a Mermaid state diagram, in a fenced block."""
    arrows = [f"    {phase} --> {to}: {event}\n" for (phase, event), to in TRANSITIONS.items()]
    ends = [f"    {phase} --> [*]\n" for phase in Phase if phase.is_over]
    lines = ["stateDiagram-v2\n", f"    [*] --> {Phase.REQUESTED}\n", *arrows, *ends]
    return f"```mermaid\n{''.join(lines)}```\n"
