-- Nothing: raises the attempt, under the lock of the control row.
UPDATE changeover.control AS c SET attempt = %(attempt)s
