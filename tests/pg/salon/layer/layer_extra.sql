-- Rows beside the sample that tell right from nearly right; the moment of the tests is
-- 2026-04-10 09:00 UTC, which is 12:00 in the first salon.

-- Numbers here and in the external system cross each other.
INSERT INTO public.companies (company_id, yclients_id, title, timezone) VALUES
  (990002, 990003, 'Второй салон', NULL),
  (990003, 990002, 'Третий, %_\', 'Asia/Vladivostok'),
  (990004, NULL, 'Без пояса', 'Nowhere/Nigdeysk');

-- A number and a phone that two salons share; names with wildcards; ties and NULLs in the order.
INSERT INTO public.clients
  (yclients_id, company_id, name, phone, last_visit_date, visit_count) VALUES
  (20000000, 990002, 'Алёна Вторая', '70000999999', NULL, NULL),
  (41000001, 990002, '100% Ольга', '70000900001', '2026-01-02', 5),
  (41000002, 990002, '100_ Ольга', '70000900002', '2026-01-02', 5),
  (41000003, 990002, '100\ Ольга', '70000900003', '2026-01-02', NULL),
  (41000004, 990002, '100* Ольга', '70000900004', NULL, 7),
  (41000005, 990002, '1000 Ольга', '70000900005', NULL, NULL),
  (41000006, 990002, 'olga OLGA', '70000900005', '2026-03-02', 0);

INSERT INTO public.services
  (yclients_id, company_id, title, weight, category_id, is_active, price_min)
SELECT 5000000 + g, 990003, 'Услуга ' || g % 50, nullif(g % 5, 0), g % 3 + 1, g % 100 <> 0,
  g + 0.50
FROM generate_series(1, 1205) AS g;

INSERT INTO public.services (yclients_id, company_id, title, is_active) VALUES
  (4000000, 990002, 'Та же во втором', true),
  (4000901, 990002, 'Неизвестно', NULL),
  (4000902, 990002, 'Закрыта', false);

INSERT INTO public.staff (yclients_id, company_id, name, is_active) VALUES
  (3000100, 990002, 'Зоя %_\', true),
  (3000101, 990002, 'Зоя %_\', NULL),
  (3000102, 990002, 'Ада', false),
  (3000000, 990003, 'Алёна Другая', true),
  (3000000000, 990003, 'За краем целого', true);

INSERT INTO public.staff_schedules (staff_id, staff_name, date, is_working)
SELECT 3000100, 'Зоя %_\', date '2024-01-01' + g, g % 7 <> 0
FROM generate_series(0, 1099) AS g;

-- Around now: 10:00 is past in the salon, although it is later than 09:00 UTC.
INSERT INTO public.appointments_cache
  (yclients_record_id, company_id, client_id, appointment_datetime, status, cost) VALUES
  (810000001, 990001, 20000050, '2026-04-10 10:00', 'confirmed', 1),
  (810000002, 990001, 20000050, '2026-04-10 11:59:59.999999', 'confirmed', 2),
  (810000003, 990001, 20000050, '2026-04-10 12:00', 'confirmed', NULL),
  (810000004, 990001, 20000050, '2026-04-10 12:00', 'active', 4.50),
  (810000005, 990001, 20000050, '2026-04-10 13:00', 'cancelled', 5),
  (810000006, 990001, 20000050, '2026-04-10 13:00', NULL, 6),
  (810000007, 990002, 20000050, '2026-04-10 13:00', 'confirmed', 7),
  (810000008, 990002, 20000050, '2026-04-10 11:00', 'confirmed', 8),
  (810000009, 990003, 20000050, '2026-04-10 18:30', 'confirmed', 9),
  (810000010, 990003, 20000050, '2026-04-10 19:30', 'confirmed', 10),
  (810000011, 990004, 20000050, '2027-04-10 19:30', 'confirmed', 11),
  (810000012, 990005, 20000050, '2026-04-10 11:30', 'confirmed', 12),
  (810000013, 990005, 20000050, '2026-04-10 12:30', 'confirmed', 13);

INSERT INTO public.appointments_cache
  (yclients_record_id, company_id, client_id, appointment_datetime, status, cost, created_at)
SELECT 820000000 + g, 990001, 20000060, timestamp '2026-04-11 10:00' + make_interval(days => g / 3),
  CASE WHEN g % 4 > 0 THEN 'confirmed' END, nullif(g % 10, 0) * 1.25,
  CASE WHEN g % 6 > 0 THEN timestamp '2026-01-01' + make_interval(hours => g / 2) END
FROM generate_series(1, 1100) AS g;

INSERT INTO public.dialog_contexts (user_id, state, data, messages) VALUES
  ('70000888888', NULL, NULL, '[{"роль": "client", "текст": "null"}]'),
  (' с пробелами ', 'INIT', '{"big": 12345678901234567890, "f": 1.50}', '[]'),
  ('null', 'INIT', '{}', '[]'),
  ('(a,b)."c"\', 'INIT', '{}', '[]');
