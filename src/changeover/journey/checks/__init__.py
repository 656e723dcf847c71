"""What both databases must be like before a move, one module per group of facts.

Each check tries a thing or reads it, and says what it found. None of them changes anything: what
has to be tried is tried in tables of its own, inside a transaction that is rolled back.
"""
