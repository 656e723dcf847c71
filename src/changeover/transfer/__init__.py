"""Carrying rows: capture and fence, copy, mirror, verification, repair, sequences, schema.

Verification shares nothing with copy and mirror but `database` and `catalog`.
"""
