-- Nothing: the source takes the epoch that the decision on the target made; never an older one.
UPDATE changeover.side AS s SET epoch = %(epoch)s WHERE s.epoch < %(epoch)s
