"""Which query each index of the target serves: the call that sends it, by the index's name.

A call is made of the repository's own steps, so that the message is the one that is really sent.
Indexes of the months of messages are named by their parent's.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

from changeover import eq
from salon.repository import (
    Booking,
    BookingRepository,
    Client,
    ClientRepository,
    Company,
    CompanyRepository,
    DialogContext,
    DialogContextRepository,
    Message,
    MessageRepository,
    ReminderRepository,
    Service,
    ServiceRepository,
    Staff,
    StaffRepository,
    StaffSchedule,
    StaffScheduleRepository,
    SyncStatus,
    SyncStatusRepository,
    Visit,
    VisitRepository,
)

START = dt.datetime(2026, 1, 10)  # noqa: DTZ001 - a wall time
END = dt.datetime(2026, 1, 11)  # noqa: DTZ001 - a wall time
SOON = dt.datetime(2026, 1, 1, 6)  # noqa: DTZ001 - a wall time
LATE = dt.datetime(2026, 2, 3)  # noqa: DTZ001 - a wall time
DAY = dt.date(2026, 1, 10)
ALL_MONTHS = dt.datetime(2025, 11, 1, tzinfo=dt.UTC)
SINCE = dt.datetime(2026, 2, 3, tzinfo=dt.UTC)

Call = tuple[type, str, tuple[Any, ...]]

READS: dict[str, list[Call]] = {
    "companies_company_id_key": [(CompanyRepository, "find_by_company_id", (77,))],
    "companies_yclients_id_key": [(CompanyRepository, "find_by_yclients_id", (1000077,))],
    "idx_companies_connected": [
        (CompanyRepository, "find_connected", ()),
        (CompanyRepository, "count_connected", ()),
    ],
    "clients_yclients_id_company_id_key": [
        (ClientRepository, "find_by_id", (500, 1)),
        (ClientRepository, "find_by_id", (500,)),
    ],
    "idx_clients_phone": [
        (ClientRepository, "find_by_phone", ("7500", 1)),
        (ClientRepository, "find_by_phone", ("7500",)),
    ],
    "idx_clients_raw_phone": [(ClientRepository, "find_by_raw_phone", ("+7 500", 1))],
    "idx_clients_search": [(ClientRepository, "search_by_name", (7, "ан", 20))],
    "idx_clients_regulars": [(ClientRepository, "find_regulars", (7, 2, 20))],
    "idx_clients_segment": [(ClientRepository, "find_by_segment", (7, "сегмент 3"))],
    "idx_clients_stale": [(ClientRepository, "find_stale", (7, SOON))],
    "services_yclients_id_company_id_key": [(ServiceRepository, "find_by_id", (500, 1))],
    "idx_services_listing": [(ServiceRepository, "find_all", (7,))],
    "idx_services_category": [(ServiceRepository, "find_by_category", (7, 3))],
    "idx_services_stale": [(ServiceRepository, "find_stale", (7, SOON))],
    "staff_yclients_id_company_id_key": [(StaffRepository, "find_by_id", (9500, 1))],
    "idx_staff_listing": [(StaffRepository, "find_all", (7,))],
    "idx_staff_rating": [(StaffRepository, "find_by_rating", (7, 4, 20))],
    "idx_staff_active": [(StaffRepository, "find_active_ids", (7,))],
    "idx_staff_stale": [(StaffRepository, "find_stale", (7, SOON))],
    "staff_schedules_staff_id_date_key": [(StaffScheduleRepository, "find_schedule", (7, DAY))],
    "idx_staff_schedules_listing": [
        (StaffScheduleRepository, "delete_older_than", (DAY, 7)),
        (StaffScheduleRepository, "find_schedules", ()),
    ],
    "idx_staff_schedules_working": [(StaffScheduleRepository, "find_working_on", (DAY,))],
    "idx_staff_schedules_slots": [(StaffScheduleRepository, "find_with_slots", (DAY, DAY))],
    "bookings_yclients_record_id_company_id_key": [
        (BookingRepository, "find_by_record_id", (500, 1)),
        (BookingRepository, "update_status", (500, 1, "past")),
    ],
    "idx_bookings_phone": [
        (BookingRepository, "find_by_phone", ("77",)),
        (ClientRepository, "find_appointments", ("77", START, END)),
    ],
    "idx_bookings_upcoming": [
        (BookingRepository, "find_upcoming", (7, "77", START)),
        (ClientRepository, "find_upcoming", (7, "77", START)),
    ],
    "idx_bookings_range": [(BookingRepository, "find_by_date_range", (7, START, END))],
    "idx_bookings_staff": [(BookingRepository, "find_by_staff", (7, 77))],
    "idx_bookings_client": [(BookingRepository, "find_by_client", (7, 77))],
    "idx_bookings_date": [(BookingRepository, "delete_older_than", (dt.date(2026, 2, 1), 30))],
    "idx_bookings_due": [(BookingRepository, "find_due", (START, END))],
    "idx_bookings_stale": [(BookingRepository, "find_stale", (7, SOON))],
    "appointments_cache_yclients_record_id_key": [(VisitRepository, "cancel", (500, "болен"))],
    "idx_appointments_cache_client": [
        (VisitRepository, "find_by_client", (77,)),
        (VisitRepository, "find_by_client", (77, 7)),
    ],
    "idx_appointments_cache_upcoming": [(VisitRepository, "find_upcoming", (77, 7, START))],
    "idx_appointments_cache_day": [(VisitRepository, "find_on", (7, DAY))],
    "dialog_contexts_user_id_key": [(DialogContextRepository, "find_by_user", ("7500",))],
    "idx_dialog_contexts_recent": [(DialogContextRepository, "find_recent", ("7", SINCE))],
    "reminders_record_id_key": [
        (ReminderRepository, "claim_day_before", (500, START)),
        (ReminderRepository, "claim_hour_before", (500, START)),
    ],
    "idx_reminders_evening": [(ReminderRepository, "find_for_evening", (START, END))],
    "idx_reminders_hourly": [(ReminderRepository, "find_for_hour", (START, END))],
    "idx_reminders_client": [(ReminderRepository, "find_history", (77,))],
    "idx_sync_status_page": [(SyncStatusRepository, "find_of_company", (7,))],
    "idx_sync_status_alarms": [(SyncStatusRepository, "find_failed", (LATE,))],
    "idx_messages_feed": [(MessageRepository, "find_feed", (7, ALL_MONTHS))],
    "idx_messages_recent": [(MessageRepository, "find_recent", (7, "7107", ALL_MONTHS))],
    "idx_messages_active": [(MessageRepository, "is_active", ("7107", ALL_MONTHS))],
    "idx_messages_counts": [(MessageRepository, "count_since", (7, "outbound", ALL_MONTHS))],
    "idx_messages_intent": [(MessageRepository, "find_by_intent", ("intent 1", ALL_MONTHS))],
    "idx_messages_queue": [(MessageRepository, "find_unprocessed", ())],
    "idx_messages_delivery": [(MessageRepository, "find_by_status", ("failed", ALL_MONTHS))],
}
"""Methods whose plan must show the index."""

UPSERTS: dict[str, tuple[type, Any, tuple[str, ...] | None]] = {
    "companies_company_id_key": (CompanyRepository, Company(company_id=1, title="Ё"), None),
    "companies_yclients_id_key": (
        CompanyRepository,
        Company(company_id=1, yclients_id=1000001, title="Ё"),
        ("yclients_id",),
    ),
    "clients_yclients_id_company_id_key": (
        ClientRepository,
        Client(yclients_id=1, company_id=1, name="Ё", phone="7"),
        None,
    ),
    "services_yclients_id_company_id_key": (
        ServiceRepository,
        Service(yclients_id=1, company_id=1, title="Ё"),
        None,
    ),
    "staff_yclients_id_company_id_key": (
        StaffRepository,
        Staff(yclients_id=1, company_id=1, name="Ё"),
        None,
    ),
    "staff_schedules_staff_id_date_key": (
        StaffScheduleRepository,
        StaffSchedule(staff_id=1, date=DAY, staff_name="Ё"),
        None,
    ),
    "bookings_yclients_record_id_company_id_key": (
        BookingRepository,
        Booking(yclients_record_id=1, company_id=1, datetime=START),
        None,
    ),
    "appointments_cache_yclients_record_id_key": (
        VisitRepository,
        Visit(yclients_record_id=1, company_id=1, appointment_datetime=START),
        None,
    ),
    "dialog_contexts_user_id_key": (
        DialogContextRepository,
        DialogContext(user_id="7", company_id="1"),
        None,
    ),
    "dialog_contexts_user_id_company_id_key": (
        DialogContextRepository,
        DialogContext(user_id="7", company_id="1", messages=[]),
        ("user_id", "company_id"),
    ),
    "sync_status_table_name_company_id_key": (
        SyncStatusRepository,
        SyncStatus(table_name="clients", company_id=1, sync_status="error"),
        None,
    ),
    "messages_company_id_message_id_created_at_key": (
        MessageRepository,
        Message(
            company_id=1, phone="7", direction="inbound", message_id="W", created_at=ALL_MONTHS
        ),
        None,
    ),
}
"""Upserts whose conflict the index decides."""

JOBS: dict[str, str] = {
    "idx_appointments_cache_cleanup": (
        "SELECT public.cleanup_expired_appointments_cache(now() - '2026-01-02'::timestamptz)"
    ),
    "idx_dialog_contexts_cleanup": (
        "SELECT public.cleanup_expired_dialog_contexts(now() - '2026-01-02'::timestamptz)"
    ),
    "idx_whatsapp_keys_cleanup": "SELECT public.cleanup_expired_whatsapp_keys()",
}
"""Jobs that call a function: its scans are counted, because a plan does not show them."""

REPORTS: dict[str, str] = {
    "idx_whatsapp_auth_updated": "read_oldest_save",
    "idx_whatsapp_keys_health": "count_expired_keys",
    "idx_whatsapp_keys_type": "count_keys_by_type",
    "idx_whatsapp_keys_age": "count_keys_by_age",
    "idx_whatsapp_keys_growth": "count_new_keys",
}
"""Statements of the session report."""

FOREIGN_KEYS: dict[str, str] = {
    "idx_bookings_client": "client_yclients_id = %s AND company_id = %s",
    "idx_bookings_staff": "staff_id = %s AND company_id = %s",
}
"""What the server asks of bookings when a client or somebody of the staff is removed."""


def steps_of(bind: Callable[[type], Any], call: Call) -> Any:
    """Return the steps of a repository's method."""
    kind, method, args = call
    return getattr(kind, method).steps(bind(kind), *args)


def upsert_of(bind: Callable[[type], Any], name: str) -> Any:
    """Return the steps of an upsert."""
    kind, row, conflict = UPSERTS[name]
    return bind(kind).table.upsert(row, conflict or kind.key)


def update_by_key(bind: Callable[[type], Any]) -> Any:
    """Return the steps of an update by primary key."""
    return bind(CompanyRepository).table.update([eq("id", 1)], {"title": "Ёж"})
