-- Nothing: one small commit, which is on disk when it returns, and with it all before it.
UPDATE changeover.side AS s SET flushes = s.flushes + 1
