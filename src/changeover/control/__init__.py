"""State of the move that must survive: sides, stage, swaps, checkpoints, books, doubts, events.

The schema `changeover` of the target holds the control state; each side holds its own log, fence
and books. This room knows tables of ours only, never those that move.
"""
