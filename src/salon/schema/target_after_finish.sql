-- What the target has and the source lacks, and which would refuse a mirrored row or cascade onto
-- it: foreign keys and CHECKs. Run after finish, or put the same on the source first. Each is added
-- NOT VALID, which is quick, and validated apart, which lets writers go on.
-- Statements are separated by one blank line.

ALTER TABLE public.clients ADD CONSTRAINT clients_company_id_fkey
FOREIGN KEY (company_id) REFERENCES public.companies (company_id)
ON DELETE CASCADE NOT VALID;

ALTER TABLE public.services ADD CONSTRAINT services_company_id_fkey
FOREIGN KEY (company_id) REFERENCES public.companies (company_id)
ON DELETE CASCADE NOT VALID;

ALTER TABLE public.staff ADD CONSTRAINT staff_company_id_fkey
FOREIGN KEY (company_id) REFERENCES public.companies (company_id)
ON DELETE CASCADE NOT VALID;

ALTER TABLE public.bookings ADD CONSTRAINT bookings_company_id_fkey
FOREIGN KEY (company_id) REFERENCES public.companies (company_id)
ON DELETE CASCADE NOT VALID;

ALTER TABLE public.appointments_cache ADD CONSTRAINT appointments_cache_company_id_fkey
FOREIGN KEY (company_id) REFERENCES public.companies (company_id)
ON DELETE CASCADE NOT VALID;

ALTER TABLE public.sync_status ADD CONSTRAINT sync_status_company_id_fkey
FOREIGN KEY (company_id) REFERENCES public.companies (company_id)
ON DELETE CASCADE NOT VALID;

-- NO ACTION and deferrable: a mirrored transaction may delete a parent and create it again.
ALTER TABLE public.bookings ADD CONSTRAINT bookings_client_yclients_id_company_id_fkey
FOREIGN KEY (client_yclients_id, company_id) REFERENCES public.clients (yclients_id, company_id)
DEFERRABLE NOT VALID;

ALTER TABLE public.bookings ADD CONSTRAINT bookings_staff_id_company_id_fkey
FOREIGN KEY (staff_id, company_id) REFERENCES public.staff (yclients_id, company_id)
DEFERRABLE NOT VALID;

-- NULL stays allowed. Never put it into a list: status IN ('sent', NULL) is never false.
ALTER TABLE public.bookings ADD CONSTRAINT bookings_status_check
CHECK (status IN (
  'active', 'pending', 'confirmed', 'completed', 'cancelled', 'no_show', 'past', 'deleted'
)) NOT VALID;

ALTER TABLE public.appointments_cache ADD CONSTRAINT appointments_cache_status_check
CHECK (status IN (
  'active', 'pending', 'confirmed', 'completed', 'cancelled', 'no_show', 'past', 'deleted'
)) NOT VALID;

ALTER TABLE public.bookings ADD CONSTRAINT bookings_duration_check
CHECK (duration >= 0) NOT VALID;

ALTER TABLE public.bookings ADD CONSTRAINT bookings_visit_attendance_check
CHECK (visit_attendance IN (-1, 0, 1, 2)) NOT VALID;

ALTER TABLE public.appointments_cache ADD CONSTRAINT appointments_cache_attendance_check
CHECK (attendance IN (-1, 0, 1, 2)) NOT VALID;

ALTER TABLE public.bookings ADD CONSTRAINT bookings_datetime_check
CHECK (datetime > timestamp '2020-01-01') NOT VALID;

ALTER TABLE public.reminders ADD CONSTRAINT reminders_status_check
CHECK (status IN ('pending', 'confirmed', 'sent', 'failed', 'cancelled')) NOT VALID;

ALTER TABLE public.sync_status ADD CONSTRAINT sync_status_sync_status_check
CHECK (sync_status IN ('pending', 'running', 'completed', 'error')) NOT VALID;

ALTER TABLE public.messages ADD CONSTRAINT messages_direction_check
CHECK (direction IN ('inbound', 'outbound')) NOT VALID;

ALTER TABLE public.messages ADD CONSTRAINT messages_status_check
CHECK (status IN ('sent', 'delivered', 'read', 'failed')) NOT VALID;

ALTER TABLE public.clients VALIDATE CONSTRAINT clients_company_id_fkey;

ALTER TABLE public.services VALIDATE CONSTRAINT services_company_id_fkey;

ALTER TABLE public.staff VALIDATE CONSTRAINT staff_company_id_fkey;

ALTER TABLE public.bookings VALIDATE CONSTRAINT bookings_company_id_fkey;

ALTER TABLE public.appointments_cache VALIDATE CONSTRAINT appointments_cache_company_id_fkey;

ALTER TABLE public.sync_status VALIDATE CONSTRAINT sync_status_company_id_fkey;

ALTER TABLE public.bookings VALIDATE CONSTRAINT bookings_client_yclients_id_company_id_fkey;

ALTER TABLE public.bookings VALIDATE CONSTRAINT bookings_staff_id_company_id_fkey;

ALTER TABLE public.bookings VALIDATE CONSTRAINT bookings_status_check;

ALTER TABLE public.appointments_cache VALIDATE CONSTRAINT appointments_cache_status_check;

ALTER TABLE public.bookings VALIDATE CONSTRAINT bookings_duration_check;

ALTER TABLE public.bookings VALIDATE CONSTRAINT bookings_visit_attendance_check;

ALTER TABLE public.appointments_cache VALIDATE CONSTRAINT appointments_cache_attendance_check;

ALTER TABLE public.bookings VALIDATE CONSTRAINT bookings_datetime_check;

ALTER TABLE public.reminders VALIDATE CONSTRAINT reminders_status_check;

ALTER TABLE public.sync_status VALIDATE CONSTRAINT sync_status_sync_status_check;

ALTER TABLE public.messages VALIDATE CONSTRAINT messages_direction_check;

ALTER TABLE public.messages VALIDATE CONSTRAINT messages_status_check;
