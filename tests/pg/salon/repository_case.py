"""What the read methods of the salon's repositories must return, as SQL by hand."""

import datetime as dt
from dataclasses import dataclass, field

from salon.repository import (
    BookingRepository,
    ClientRepository,
    CompanyRepository,
    DialogContextRepository,
    MessageRepository,
    ReminderRepository,
    ServiceRepository,
    StaffRepository,
    StaffScheduleRepository,
    SyncStatusRepository,
    VisitRepository,
)

LONG_AGO = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - a wall time
SINCE = dt.datetime(2025, 12, 15, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A call, where its arguments come from, and the SQL of the ids that it must return."""

    kind: type
    method: str
    given: str = "SELECT company_id FROM companies"
    more: tuple = ()
    options: dict = field(default_factory=dict)
    expected: str
    column: str = "id"


CASES = (
    Case(
        kind=ClientRepository,
        method="find_by_phone",
        given="SELECT phone, company_id FROM clients GROUP BY 1, 2 HAVING count(*) = 1"
        " ORDER BY 1 LIMIT 1",
        expected="SELECT id FROM clients WHERE phone = %s AND company_id = %s",
    ),
    Case(
        kind=ClientRepository,
        method="find_by_raw_phone",
        given="SELECT raw_phone FROM clients WHERE raw_phone IS NOT NULL GROUP BY 1"
        " HAVING count(*) = 1 ORDER BY 1 LIMIT 1",
        expected="SELECT id FROM clients WHERE raw_phone = %s",
    ),
    Case(
        kind=ClientRepository,
        method="find_by_id",
        given="SELECT yclients_id, company_id FROM clients ORDER BY id LIMIT 1",
        expected="SELECT id FROM clients WHERE yclients_id = %s AND company_id = %s",
    ),
    Case(
        kind=ClientRepository,
        method="search_by_name",
        given="SELECT company_id, 'а' FROM companies",
        expected="SELECT id FROM clients WHERE company_id = %s AND name ILIKE '%%' || %s || '%%'"
        " ORDER BY last_visit_date DESC NULLS LAST, visit_count DESC NULLS LAST, id LIMIT 100",
    ),
    Case(
        kind=ClientRepository,
        method="find_regulars",
        more=(3, 50),
        expected="SELECT id FROM clients WHERE company_id = %s AND visit_count >= %s"
        " AND blacklisted IS NOT TRUE ORDER BY visit_count DESC, id LIMIT %s",
    ),
    Case(
        kind=ClientRepository,
        method="find_by_segment",
        given="SELECT company_id, client_segment FROM clients WHERE client_segment IS NOT NULL"
        " GROUP BY 1, 2 ORDER BY count(*) DESC LIMIT 1",
        expected="SELECT id FROM clients WHERE company_id = %s AND client_segment = %s"
        " ORDER BY id LIMIT 100",
    ),
    Case(
        kind=ClientRepository,
        method="find_appointments",
        given="SELECT client_phone, min(datetime), max(datetime) + interval '1 day' FROM bookings"
        " WHERE client_phone IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
        expected="SELECT id FROM bookings WHERE client_phone = %s AND datetime >= %s"
        " AND datetime < %s ORDER BY datetime DESC, id LIMIT 10",
    ),
    Case(
        kind=ClientRepository,
        method="find_upcoming",
        given="SELECT company_id, client_phone, min(datetime) FROM bookings"
        " WHERE status = 'active' AND client_phone IS NOT NULL GROUP BY 1, 2"
        " ORDER BY count(*) DESC, 2 LIMIT 1",
        expected="SELECT id FROM bookings WHERE company_id = %s AND client_phone = %s"
        " AND datetime >= %s AND status = 'active' ORDER BY datetime, id LIMIT 10",
    ),
    *(
        Case(
            kind=kind,
            method="find_stale",
            given=f"SELECT company_id, (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY {at})"
            f" FROM {kind.table_name}) FROM companies",
            expected=f"SELECT id FROM {kind.table_name} WHERE company_id = %s"
            f" AND ({at} < %s OR {at} IS NULL) ORDER BY {at}, id",
        )
        for kind, at in (
            (ClientRepository, "last_sync_at"),
            (ServiceRepository, "last_sync_at"),
            (StaffRepository, "last_sync_at"),
            (BookingRepository, "synced_at"),
        )
    ),
    *(
        Case(
            kind=kind,
            method="find_all",
            options={"include_inactive": is_all},
            expected=f"SELECT id FROM {kind.table_name} WHERE company_id = %s"
            f" AND (is_active OR {is_all}) ORDER BY {order}",
        )
        for kind, order in (
            (ServiceRepository, "weight DESC, title, id"),
            (StaffRepository, "name, id"),
        )
        for is_all in (True, False)
    ),
    Case(
        kind=ServiceRepository,
        method="find_by_id",
        given="SELECT yclients_id FROM services ORDER BY id LIMIT 1",
        expected="SELECT id FROM services WHERE yclients_id = %s",
    ),
    Case(
        kind=ServiceRepository,
        method="find_by_category",
        given="SELECT company_id, category_id FROM services WHERE category_id IS NOT NULL"
        " GROUP BY 1, 2 ORDER BY count(*) DESC, 2 LIMIT 1",
        expected="SELECT id FROM services WHERE company_id = %s AND category_id = %s AND is_active"
        " ORDER BY weight DESC, title, id",
    ),
    Case(
        kind=ServiceRepository,
        method="find_titles",
        given="SELECT company_id, array_agg(yclients_id) FROM services WHERE id % 2 = 0 GROUP BY 1",
        expected="SELECT title FROM services WHERE company_id = %s AND yclients_id = ANY (%s)"
        " ORDER BY id",
        column="title",
    ),
    Case(
        kind=StaffRepository,
        method="find_by_id",
        given="SELECT yclients_id, company_id FROM staff ORDER BY id LIMIT 1",
        expected="SELECT id FROM staff WHERE yclients_id = %s AND company_id = %s",
    ),
    Case(
        kind=StaffRepository,
        method="find_by_rating",
        more=(4,),
        expected="SELECT id FROM staff WHERE company_id = %s AND is_active AND rating >= %s"
        " ORDER BY rating DESC, id",
    ),
    Case(
        kind=StaffRepository,
        method="find_names",
        given="SELECT company_id, array_agg(yclients_id) FROM staff WHERE id % 2 = 0 GROUP BY 1",
        expected="SELECT name FROM staff WHERE company_id = %s AND yclients_id = ANY (%s)"
        " ORDER BY id",
        column="name",
    ),
    Case(
        kind=StaffRepository,
        method="find_active_ids",
        expected="SELECT yclients_id FROM staff WHERE company_id = %s AND is_active"
        " AND is_bookable ORDER BY 1",
        column="",
    ),
    Case(
        kind=StaffScheduleRepository,
        method="find_schedule",
        given="SELECT staff_id, date FROM staff_schedules ORDER BY id LIMIT 1",
        expected="SELECT id FROM staff_schedules WHERE staff_id = %s AND date = %s",
    ),
    Case(
        kind=StaffScheduleRepository,
        method="find_schedules",
        given="SELECT LIMIT 0",
        expected="SELECT id FROM staff_schedules ORDER BY date, staff_name, id LIMIT 100",
    ),
    Case(
        kind=StaffScheduleRepository,
        method="find_by_staff_ids_and_range",
        given="SELECT array_agg(DISTINCT staff_id), min(date), max(date) - 1 FROM staff_schedules"
        " WHERE staff_id <> (SELECT min(staff_id) FROM staff_schedules)",
        expected="SELECT id FROM staff_schedules WHERE staff_id = ANY (%s)"
        " AND date BETWEEN %s AND %s ORDER BY date, staff_name, id",
    ),
    Case(
        kind=StaffScheduleRepository,
        method="find_working_on",
        given="SELECT date FROM staff_schedules WHERE is_working GROUP BY 1"
        " ORDER BY count(*) DESC, 1 LIMIT 1",
        expected="SELECT id FROM staff_schedules WHERE date = %s AND is_working ORDER BY staff_id",
    ),
    Case(
        kind=StaffScheduleRepository,
        method="find_with_slots",
        given="SELECT min(date), max(date) - 1 FROM staff_schedules",
        expected="SELECT id FROM staff_schedules WHERE date BETWEEN %s AND %s"
        " AND has_booking_slots ORDER BY date, staff_id",
    ),
    Case(
        kind=BookingRepository,
        method="find_by_record_id",
        given="SELECT yclients_record_id, company_id FROM bookings ORDER BY 1 LIMIT 1",
        expected="SELECT id FROM bookings WHERE yclients_record_id = %s AND company_id = %s",
    ),
    Case(
        kind=BookingRepository,
        method="find_by_phone",
        given="SELECT client_phone FROM bookings WHERE client_phone IS NOT NULL GROUP BY 1"
        " ORDER BY count(*) DESC, 1 LIMIT 1",
        expected="SELECT id FROM bookings WHERE client_phone = %s ORDER BY datetime DESC, id"
        " LIMIT 10",
    ),
    Case(
        kind=BookingRepository,
        method="find_upcoming",
        given="SELECT company_id, client_phone, min(datetime) FROM bookings"
        " WHERE status = 'active' AND client_phone IS NOT NULL GROUP BY 1, 2"
        " ORDER BY count(*) DESC, 2 LIMIT 1",
        expected="SELECT id FROM bookings WHERE company_id = %s AND client_phone = %s"
        " AND datetime >= %s AND status = 'active' ORDER BY datetime, id LIMIT 10",
    ),
    Case(
        kind=BookingRepository,
        method="find_by_date_range",
        given="SELECT company_id, min(datetime), max(datetime) FROM bookings GROUP BY 1",
        expected="SELECT id FROM bookings WHERE company_id = %s AND datetime >= %s"
        " AND datetime < %s ORDER BY datetime, id",
    ),
    Case(
        kind=BookingRepository,
        method="find_by_staff",
        given="SELECT company_id, staff_id FROM bookings WHERE staff_id IS NOT NULL GROUP BY 1, 2"
        " ORDER BY count(*) DESC, 2 LIMIT 1",
        expected="SELECT id FROM bookings WHERE company_id = %s AND staff_id = %s"
        " ORDER BY datetime, id",
    ),
    Case(
        kind=BookingRepository,
        method="find_by_client",
        given="SELECT company_id, client_yclients_id FROM bookings"
        " WHERE client_yclients_id IS NOT NULL GROUP BY 1, 2 ORDER BY count(*) DESC, 2 LIMIT 1",
        expected="SELECT id FROM bookings WHERE company_id = %s AND client_yclients_id = %s"
        " ORDER BY datetime DESC, id",
    ),
    Case(
        kind=BookingRepository,
        method="find_due",
        given="SELECT min(datetime), max(datetime) FROM bookings",
        expected="SELECT id FROM bookings WHERE datetime >= %s AND datetime < %s"
        " AND status IN ('active', 'confirmed') ORDER BY datetime, id",
    ),
    Case(
        kind=DialogContextRepository,
        method="find_by_user",
        given="SELECT min(user_id) FROM dialog_contexts",
        expected="SELECT id FROM dialog_contexts WHERE user_id = %s",
    ),
    Case(
        kind=DialogContextRepository,
        method="find_by_user_and_company",
        given="SELECT user_id, company_id FROM dialog_contexts WHERE company_id IS NOT NULL"
        " ORDER BY 1 LIMIT 1",
        expected="SELECT id FROM dialog_contexts WHERE user_id = %s AND company_id = %s",
    ),
    Case(
        kind=DialogContextRepository,
        method="find_recent",
        given="SELECT company_id, percentile_disc(0.3) WITHIN GROUP (ORDER BY last_activity)"
        " FROM dialog_contexts WHERE company_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC"
        " LIMIT 1",
        expected="SELECT id FROM dialog_contexts WHERE company_id = %s AND last_activity >= %s"
        " ORDER BY last_activity DESC, id LIMIT 100",
    ),
    Case(
        kind=CompanyRepository,
        method="find_by_company_id",
        expected="SELECT id FROM companies WHERE company_id = %s",
    ),
    Case(
        kind=CompanyRepository,
        method="find_by_yclients_id",
        given="SELECT yclients_id FROM companies WHERE yclients_id IS NOT NULL LIMIT 1",
        expected="SELECT id FROM companies WHERE yclients_id = %s",
    ),
    Case(
        kind=CompanyRepository,
        method="find_connected",
        given="SELECT LIMIT 0",
        expected="SELECT id FROM companies WHERE whatsapp_connected ORDER BY whatsapp_connected_at",
    ),
    Case(
        kind=ReminderRepository,
        method="find_for_evening",
        given="SELECT min(appointment_datetime), max(appointment_datetime) FROM reminders",
        expected="SELECT id FROM reminders WHERE appointment_datetime >= %s"
        " AND appointment_datetime < %s AND day_before_sent IS NOT TRUE"
        " ORDER BY appointment_datetime, id",
    ),
    Case(
        kind=ReminderRepository,
        method="find_for_hour",
        given="SELECT min(appointment_datetime), max(appointment_datetime) FROM reminders",
        expected="SELECT id FROM reminders WHERE appointment_datetime >= %s"
        " AND appointment_datetime < %s AND hour_before_sent IS NOT TRUE"
        " ORDER BY appointment_datetime, id",
    ),
    Case(
        kind=ReminderRepository,
        method="find_history",
        given="SELECT client_id FROM reminders GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
        expected="SELECT id FROM reminders WHERE client_id = %s"
        " ORDER BY appointment_datetime DESC, id",
    ),
    Case(
        kind=VisitRepository,
        method="find_by_client",
        given="SELECT client_id, company_id FROM appointments_cache WHERE client_id IS NOT NULL"
        " GROUP BY 1, 2 ORDER BY count(*) DESC, 1 LIMIT 1",
        expected="SELECT id FROM appointments_cache WHERE client_id = %s AND company_id = %s"
        " ORDER BY appointment_datetime DESC, id",
    ),
    Case(
        kind=VisitRepository,
        method="find_upcoming",
        given="SELECT client_id, company_id, min(appointment_datetime) FROM appointments_cache"
        " WHERE client_id IS NOT NULL GROUP BY 1, 2 ORDER BY count(*) DESC, 1 LIMIT 1",
        expected="SELECT id FROM appointments_cache WHERE client_id = %s AND company_id = %s"
        " AND appointment_datetime >= %s AND status <> 'cancelled'"
        " ORDER BY appointment_datetime, id LIMIT 10",
    ),
    Case(
        kind=VisitRepository,
        method="find_on",
        given="SELECT company_id, appointment_datetime::date FROM appointments_cache GROUP BY 1, 2"
        " ORDER BY count(*) DESC, 2 LIMIT 1",
        expected="SELECT id FROM appointments_cache WHERE company_id = %s"
        " AND appointment_datetime::date = %s ORDER BY appointment_datetime, id",
    ),
    Case(
        kind=MessageRepository,
        method="find_feed",
        more=(SINCE, 70),
        expected="SELECT id FROM messages WHERE company_id = %s AND created_at >= %s"
        " ORDER BY created_at DESC, id LIMIT %s",
    ),
    Case(
        kind=MessageRepository,
        method="find_recent",
        given="SELECT company_id, phone FROM messages GROUP BY 1, 2 ORDER BY count(*) DESC, 2"
        " LIMIT 1",
        more=(SINCE,),
        expected="SELECT id FROM messages WHERE company_id = %s AND phone = %s"
        " AND created_at >= %s ORDER BY created_at DESC, id LIMIT 50",
    ),
    Case(
        kind=MessageRepository,
        method="find_by_intent",
        given="SELECT intent FROM messages WHERE intent IS NOT NULL GROUP BY 1"
        " ORDER BY count(*) DESC, 1 LIMIT 1",
        more=(SINCE,),
        expected="SELECT id FROM messages WHERE intent = %s AND created_at >= %s"
        " ORDER BY created_at DESC, id LIMIT 100",
    ),
    Case(
        kind=MessageRepository,
        method="find_by_status",
        given="SELECT status FROM messages WHERE status IS NOT NULL GROUP BY 1"
        " ORDER BY count(*) DESC, 1 LIMIT 1",
        more=(SINCE,),
        expected="SELECT id FROM messages WHERE status = %s AND created_at >= %s"
        " ORDER BY created_at DESC, id LIMIT 100",
    ),
    Case(
        kind=MessageRepository,
        method="find_unprocessed",
        given="SELECT LIMIT 0",
        expected="SELECT id FROM messages WHERE processed = false ORDER BY created_at, id"
        " LIMIT 100",
    ),
    Case(
        kind=SyncStatusRepository,
        method="find_of_company",
        expected="SELECT id FROM sync_status WHERE company_id = %s ORDER BY last_sync_at DESC, id",
    ),
    Case(
        kind=SyncStatusRepository,
        method="find_failed",
        given="SELECT LIMIT 0",
        more=(LONG_AGO,),
        expected="SELECT id FROM sync_status WHERE sync_status = 'error' AND last_sync_at >= %s"
        " ORDER BY last_sync_at, id",
    ),
)
