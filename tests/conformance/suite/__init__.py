"""The language, rule by rule: what is sent and what must come back, as values.

Expected values are written from the reference of the language, never from what our code answers.
"""
