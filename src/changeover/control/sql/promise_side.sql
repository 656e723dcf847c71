-- Nothing: books, under the lock of the side's row, that an attempt is about to open this side: from
-- now on nothing of this or an older attempt puts it to rest.
UPDATE changeover.side AS s SET attempt = %(attempt)s, intention = 'opening'
