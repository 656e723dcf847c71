"""The demonstration: the salon moves between two throw-away servers under load, and is judged.

Owns the journey, the writers with their ledger outside both databases, the witness, and the report.
It drives the real command line as an operator would, and believes nothing that it can count itself.
"""
