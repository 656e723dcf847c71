-- 50,000 rows in every table, 50,000 in every month of messages; a company's rows stand together,
-- as a synchronisation leaves them. Statements are separated by one blank line.

INSERT INTO companies (company_id, yclients_id, title, whatsapp_connected, whatsapp_connected_at)
SELECT n, 1000000 + n, 'Салон ' || n, n % 500 = 0, '2026-01-01'::timestamptz + n * interval '1 min'
FROM generate_series(1, 50000) AS n;

INSERT INTO clients
  (yclients_id, company_id, name, phone, raw_phone, last_visit_date, visit_count, blacklisted,
   client_segment, last_sync_at)
SELECT n, n / 500, (ARRAY['Анна', 'Мария', 'Ольга', 'Ёлка'])[1 + n % 4] || ' ' || n,
  '7' || n, '+7 ' || n, '2025-01-01'::date + n % 400, n * 7 % 101, n % 10 = 0,
  'сегмент ' || n % 50, '2026-01-01'::timestamp + n * 7919 % 50000 * interval '1 min'
FROM generate_series(1, 50000) AS n;

INSERT INTO services
  (yclients_id, company_id, title, category_id, weight, is_active, last_sync_at)
SELECT n, n / 500, 'Услуга ' || n * 7919 % 50000, n % 20, n % 7, n % 100 > 0,
  '2026-01-01'::timestamp + n * 7919 % 50000 * interval '1 min'
FROM generate_series(1, 50000) AS n;

INSERT INTO staff (yclients_id, company_id, name, rating, is_active, is_bookable, last_sync_at)
SELECT n * 7919 % 50000, n / 500, 'Мастер ' || n * 7919 % 50000, n % 50 / 10.0, n % 100 > 0,
  n % 10 = 1, '2026-01-01'::timestamp + n * 7919 % 50000 * interval '1 min'
FROM generate_series(1, 50000) AS n;

INSERT INTO staff_schedules (staff_id, staff_name, date, is_working, has_booking_slots)
SELECT n % 500, 'Мастер ' || n * 7919 % 500, '2026-01-01'::date + n / 500, n % 20 = 0, n % 50 = 0
FROM generate_series(1, 50000) AS n;

INSERT INTO bookings
  (yclients_record_id, company_id, client_yclients_id, staff_id, client_phone, status, datetime,
   date, synced_at)
SELECT n, n / 500, n * 7919 % 50000, n % 500, '7' || n % 100, (ARRAY[
    'active', 'confirmed', 'completed', 'cancelled', 'completed', 'completed', 'completed',
    'completed', 'completed', 'completed', 'completed', 'completed', 'completed', 'completed'
  ])[1 + n * 31 % 14],
  '2026-01-01'::timestamp + n * 7919 % 50000 * interval '1 min',
  '2026-01-01'::date + n * 7919 % 50000 / 1440,
  '2026-01-01'::timestamp + n * 12289 % 50000 * interval '1 min'
FROM generate_series(1, 50000) AS n;

INSERT INTO appointments_cache
  (yclients_record_id, company_id, client_id, appointment_datetime, status)
SELECT n, n / 500, n * 7919 % 500, '2026-01-01'::timestamp + n * 7919 % 50000 * interval '1 min',
  (ARRAY['confirmed', 'cancelled', NULL])[1 + n * 31 % 3]
FROM generate_series(1, 50000) AS n;

INSERT INTO dialog_contexts (user_id, company_id, last_activity)
SELECT '7' || n, n / 500, '2026-01-01'::timestamptz + n * 7919 % 50000 * interval '1 min'
FROM generate_series(1, 50000) AS n;

INSERT INTO reminders
  (client_id, record_id, appointment_datetime, day_before_sent, hour_before_sent)
SELECT n % 5000, n, '2026-01-01'::timestamp + n * 7919 % 50000 * interval '1 min',
  (ARRAY[true, NULL, false])[1 + greatest(n % 40 - 37, 0)],
  (ARRAY[true, NULL, false])[1 + greatest(n % 50 - 47, 0)]
FROM generate_series(1, 50000) AS n;

INSERT INTO sync_status (table_name, company_id, last_sync_at, sync_status)
SELECT 'table ' || n % 10, n / 10, '2026-01-01'::timestamp + n * 7919 % 50000 * interval '1 min',
  CASE WHEN n % 50 = 0 THEN 'error' ELSE 'completed' END
FROM generate_series(1, 50000) AS n;

INSERT INTO messages
  (company_id, phone, direction, message, message_id, status, intent, processed, created_at)
SELECT n % 100, '7' || n % 1000, CASE WHEN n % 3 = 0 THEN 'outbound' ELSE 'inbound' END, 'текст',
  'W' || n, CASE WHEN n % 3 = 0 THEN (ARRAY['sent', 'read', 'failed'])[1 + n % 9 / 3] END,
  CASE WHEN n % 20 = 1 THEN 'intent ' || n % 10 END, n % 200 > 0,
  month + n * 7919 % 50000 * interval '48 seconds'
FROM generate_series(1, 50000) AS n,
  generate_series('2025-11-01'::timestamp, '2026-04-01', '1 month') AS m (wall),
  LATERAL (SELECT m.wall AT TIME ZONE 'UTC') AS u (month);

INSERT INTO whatsapp_auth (company_id, creds, updated_at)
SELECT n, '{}', '2026-01-01'::timestamptz + n * 7919 % 50000 * interval '1 min'
FROM generate_series(1, 50000) AS n;

INSERT INTO whatsapp_keys
  (company_id, key_type, key_id, value, created_at, updated_at, expires_at)
SELECT n / 500, (ARRAY['pre-key', 'session', 'lid-mapping', 'sender-key'])[1 + n % 4], n,
  jsonb_build_object('public', repeat('k', 300)),
  '2026-01-01'::timestamptz + n * 7919 % 50000 * interval '1 min',
  '2026-01-01'::timestamptz + n * 12289 % 50000 * interval '1 min',
  CASE WHEN n % 3 > 0
    THEN '2100-01-01'::timestamptz + n * 7919 % 50000 * interval '1 min' END
FROM generate_series(1, 50000) AS n;
