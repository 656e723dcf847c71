"""The salon's repositories: typed rows of its tables, each in two colours.

`database.bind(ClientRepository)` of `changeover.connect` makes one, `await database.bind(
AsyncClientRepository)` of `changeover.connect_async` its twin. Methods are written once, as
conversations. Time comes in as a value: appointments and schedules are the salon's wall time,
book-keeping is UTC wall time, both without offset.
"""

from salon.repository.booking import AsyncBookingRepository, Booking, BookingRepository
from salon.repository.client import AsyncClientRepository, Client, ClientRepository
from salon.repository.company import AsyncCompanyRepository, Company, CompanyRepository
from salon.repository.dialog_context import (
    AsyncDialogContextRepository,
    DialogContext,
    DialogContextRepository,
)
from salon.repository.message import AsyncMessageRepository, Message, MessageRepository
from salon.repository.reminder import AsyncReminderRepository, Reminder, ReminderRepository
from salon.repository.service import (
    AsyncServiceRepository,
    Service,
    ServiceRepository,
    ServiceTitle,
)
from salon.repository.staff import AsyncStaffRepository, Staff, StaffName, StaffRepository
from salon.repository.staff_schedule import (
    AsyncStaffScheduleRepository,
    StaffSchedule,
    StaffScheduleRepository,
)
from salon.repository.sync_status import (
    AsyncSyncStatusRepository,
    SyncStatus,
    SyncStatusRepository,
)
from salon.repository.visit import AsyncVisitRepository, Visit, VisitRepository

__all__ = [
    "AsyncBookingRepository",
    "AsyncClientRepository",
    "AsyncCompanyRepository",
    "AsyncDialogContextRepository",
    "AsyncMessageRepository",
    "AsyncReminderRepository",
    "AsyncServiceRepository",
    "AsyncStaffRepository",
    "AsyncStaffScheduleRepository",
    "AsyncSyncStatusRepository",
    "AsyncVisitRepository",
    "Booking",
    "BookingRepository",
    "Client",
    "ClientRepository",
    "Company",
    "CompanyRepository",
    "DialogContext",
    "DialogContextRepository",
    "Message",
    "MessageRepository",
    "Reminder",
    "ReminderRepository",
    "Service",
    "ServiceRepository",
    "ServiceTitle",
    "Staff",
    "StaffName",
    "StaffRepository",
    "StaffSchedule",
    "StaffScheduleRepository",
    "SyncStatus",
    "SyncStatusRepository",
    "Visit",
    "VisitRepository",
]
