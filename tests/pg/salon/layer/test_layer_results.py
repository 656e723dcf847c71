"""The original result shape: the same 21 methods, which never raise."""

import inspect

import pytest
from layer_case import ARGUMENTS, CLIENT, FIRST, SECOND
from layer_oracle import QUESTIONS, TARGETS
from layer_way import clock, same

from changeover import MultipleRowsError
from salon.error import InvalidArgumentError
from salon.layer import AsyncDataLayer, DataLayer, Settings
from salon.layer.call import Call
from salon.layer.driver import Setup
from salon.sample import words

METHODS = sorted({*QUESTIONS, *TARGETS, "health_check"})
ORIGINAL_NAMES = {
    "get_dialog_context": "getDialogContext",
    "upsert_dialog_context": "upsertDialogContext",
    "get_client_by_phone": "getClientByPhone",
    "get_client_by_id": "getClientById",
    "get_client_appointments": "getClientAppointments",
    "get_upcoming_appointments": "getUpcomingAppointments",
    "search_clients_by_name": "searchClientsByName",
    "upsert_client": "upsertClient",
    "upsert_clients": "upsertClients",
    "get_staff_by_id": "getStaffById",
    "get_staff_schedules": "getStaffSchedules",
    "get_staff_schedule": "getStaffSchedule",
    "upsert_staff_schedules": "upsertStaffSchedules",
    "get_services": "getServices",
    "get_staff": "getStaff",
    "get_service_by_id": "getServiceById",
    "get_services_by_category": "getServicesByCategory",
    "upsert_services": "upsertServices",
    "get_company": "getCompany",
    "upsert_company": "upsertCompany",
    "health_check": "healthCheck",
}
SIGNATURES = {
    "get_client_by_phone": "(phone, company_id=None)",
    "get_client_by_id": "(yclients_id, company_id=None)",
    "get_client_appointments": "(client_id, company_id=None, limit=100,"
    " order_by='appointment_datetime', direction='desc')",
    "get_upcoming_appointments": "(client_id, company_id)",
    "search_clients_by_name": "(company_id, name, limit=None)",
    "get_staff_by_id": "(staff_id, company_id)",
    "get_staff_schedules": "(company_id=None, staff_id=None, staff_name=None, date_from=None,"
    " date_to=None, is_working=None, limit=100)",
    "get_staff_schedule": "(staff_id, date)",
    "get_services": "(company_id, include_inactive=False)",
    "get_staff": "(company_id, include_inactive=False)",
    "get_service_by_id": "(yclients_id, company_id=None)",
    "get_services_by_category": "(company_id, category_id)",
    "get_company": "(company_id)",
    "get_dialog_context": "(user_id)",
    "health_check": "()",
    **{method: f"({argument})" for method, argument in ARGUMENTS.items()},
}
CLIENTS = [{**CLIENT, "yclients_id": 42000030 + n} for n in range(3)]
METADATA = (
    ("get_client_by_id", {"yclients_id": words.client_number(7)}, {}),
    (
        "get_client_appointments",
        {"client_id": "20000060", "limit": 5000, "company_id": str(FIRST)},
        {
            "clientId": 20000060,
            "recordCount": 1000,
            "options": {
                "companyId": FIRST,
                "limit": 1000,
                "orderBy": "appointment_datetime",
                "direction": "desc",
            },
        },
    ),
    (
        "get_upcoming_appointments",
        {"client_id": 20000060, "company_id": FIRST},
        {"clientId": 20000060, "companyId": FIRST, "recordCount": 10},
    ),
    (
        "search_clients_by_name",
        {"company_id": FIRST, "name": " а*"},
        {"searchTerm": " а*", "limit": 100},
    ),
    ("upsert_clients", {"clients": CLIENTS}, {"inputCount": 3, "processedCount": 3}),
    (
        "get_staff_schedules",
        {"staff_id": 3000100, "date_from": "2024-01-01", "limit": 3},
        {
            "query": {"staffId": 3000100, "dateFrom": "2024-01-01", "limit": 3},
            "recordCount": 3,
        },
    ),
    (
        "get_staff",
        {"company_id": SECOND, "include_inactive": True},
        {"companyId": SECOND, "includeInactive": True, "staffCount": 3},
    ),
    (
        "get_services_by_category",
        {"company_id": FIRST, "category_id": "8003"},
        {"categoryId": 8003},
    ),
)


class Broken:
    """A backend with a fault of its own."""

    def rows(self, operation):  # noqa: ARG002 - a backend's method
        """Fail with a text that holds a value."""
        raise RuntimeError("planted value")


def test_the_methods_have_their_signatures_in_all_ways(ways):
    """All 21 methods have their parameters and defaults, in every way of calling them."""
    layer = ways[0].layer
    for made in (layer, layer.results):
        for name in METHODS:
            signature = inspect.signature(getattr(made, name))
            plain = signature.replace(
                parameters=[
                    one.replace(annotation=inspect.Parameter.empty)
                    for one in signature.parameters.values()
                ]
            )
            assert str(plain) == SIGNATURES[name]
            assert getattr(made, name).__doc__
    for kind in (DataLayer, AsyncDataLayer, type(layer.results)):
        calls = [name for name in dir(kind) if isinstance(getattr(kind, name), Call)]
        assert calls == METHODS
    assert len(METHODS) == 21


@pytest.mark.parametrize("colour", ["ways", "awaited_ways"])
@pytest.mark.parametrize(("method", "given", "metadata"), METADATA, ids=lambda one: str(one)[:30])
def test_success_has_the_original_keys(colour, method, given, metadata, request):
    """What was done has the original shape, with the same data and its metadata."""
    for way in request.getfixturevalue(colour):
        result = way.result(method, given)
        shape = result.to_dict()
        assert result.success
        assert result.exception is None
        assert same(result.data, way.call(method, given))
        assert shape == {
            "success": True,
            "data": result.data,
            "operation": ORIGINAL_NAMES[method],
            "timestamp": "2026-04-10T09:00:00.000Z",
            "error": None,
            **metadata,
        }


def test_operations_have_their_original_names(ways):
    """Every method is told by its original name."""
    for name in METHODS:
        result = ways[0].result(name, {"nonsense": 1})
        assert result.operation == ORIGINAL_NAMES[name]


@pytest.mark.parametrize("colour", ["ways", "awaited_ways"])
def test_failure_has_the_original_keys_and_raises_nothing(colour, request):
    """A failure has no data and says why; a call with missing arguments is one."""
    for way in request.getfixturevalue(colour):
        for name in METHODS:
            for given in ({"nonsense": 1}, dict.fromkeys(_needed(name))):
                result = way.result(name, given)
                if given == {}:
                    continue
                assert not result.success
                assert result.data is None
                assert result.error
                assert result.to_dict().keys() == {
                    "success",
                    "data",
                    "operation",
                    "timestamp",
                    "error",
                }
        shared = way.result("get_client_by_phone", {"phone": words.client_phone(2)})
        assert isinstance(shared.exception, MultipleRowsError)
        assert shared.error == shared.exception.message


def _needed(name: str) -> list[str]:
    text = SIGNATURES[name].strip("()")
    return [one.strip() for one in text.split(",") if one.strip() and "=" not in one]


def test_a_fault_of_the_backend_is_told_without_its_text():
    """An error that nobody foresaw is told by its name: its text might hold a value."""
    with DataLayer(Broken(), Setup(settings=Settings(), clock=clock)) as layer:
        result = layer.results.get_company(FIRST)
        assert result.error == "RuntimeError"
        assert "planted" not in str(result)
        with pytest.raises(RuntimeError):
            layer.get_company(FIRST)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_limit": 0},
        {"default_limit": True},
        {"max_batch_rows": "5"},
        {"health_timeout_ms": -1},
        {"query_timeout_ms": 1.5},
        {"max_limit": 10},
    ],
)
def test_limits_that_nothing_could_keep_are_refused(wrong):
    """A setting that is no whole number from 1 on, or contradicts another, is refused."""
    with pytest.raises(InvalidArgumentError):
        Settings(**wrong)
