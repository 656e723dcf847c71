-- Nothing: books a batch on the primary, in the transaction that removes its log rows.
INSERT INTO changeover.removed (direction, batch_id, epoch, keys_read, rows_removed)
VALUES (%(direction)s, %(batch_id)s, %(epoch)s, %(keys_read)s, %(rows_removed)s)
