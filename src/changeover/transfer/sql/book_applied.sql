-- Nothing: books a batch on the secondary and remembers its number in the lock row.
WITH booked AS (
  INSERT INTO changeover.applied
    (direction, batch_id, epoch, keys_read, keys_applied, by_table, log_rows, repeats)
  VALUES (%(direction)s, %(batch_id)s, %(epoch)s, %(keys_read)s, %(keys_applied)s,
    %(by_table)s::jsonb, %(rows_removed)s, %(repeats)s)
)
UPDATE changeover.mirror AS m
SET last_batch = %(batch_id)s, epoch = %(epoch)s, is_catching_up = %(is_catching_up)s
WHERE m.direction = %(direction)s
