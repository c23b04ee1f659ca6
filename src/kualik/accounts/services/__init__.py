"""What other rooms may ask of accounts: persons, staff, second factors, entering."""

from kualik.accounts.services.devices import (
    confirm_code,
    enrol_demo_device,
    enrol_totp,
    lock,
    record_device,
    record_lock_out,
    record_sign_in,
    remove_device,
)
from kualik.accounts.services.entering import (
    enter_person,
    leave_cabinet,
    open_cabinet,
    open_office,
    open_office_by_signature,
)
from kualik.accounts.services.persons import (
    PersonFacts,
    find_person,
    find_persons,
    masked_iin,
    register_persons,
)
from kualik.accounts.services.staff import enrol_staff, find_staff, is_own_iin

__all__ = [
    "PersonFacts",
    "confirm_code",
    "enrol_demo_device",
    "enrol_staff",
    "enrol_totp",
    "enter_person",
    "find_person",
    "find_persons",
    "find_staff",
    "is_own_iin",
    "leave_cabinet",
    "lock",
    "masked_iin",
    "open_cabinet",
    "open_office",
    "open_office_by_signature",
    "record_device",
    "record_lock_out",
    "record_sign_in",
    "register_persons",
    "remove_device",
]
