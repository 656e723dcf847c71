-- No row that matters: for this transaction, moments are printed in UTC and ISO.
SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO', true)
