"""The order of things: what must hold before a step, what the step does, and how it is undone."""
