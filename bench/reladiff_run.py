"""Runs reladiff in its own environment; prints how many lines of difference it has found."""

import os

from reladiff import connect_to_table, diff_tables

TABLE, KEY, COLUMNS = "public.pgbench_accounts", "aid", ("bid", "abalance", "filler")

if __name__ == "__main__":
    sides = [
        connect_to_table(os.environ[f"BENCH_{side}"], TABLE, KEY, thread_count=2)
        for side in ("SOURCE", "TARGET")
    ]
    print(sum(1 for _ in diff_tables(*sides, extra_columns=COLUMNS, threaded=True)))
