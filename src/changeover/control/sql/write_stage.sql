-- Nothing: another stage, under the lock of the control row.
UPDATE changeover.control AS c SET stage = %(stage)s
