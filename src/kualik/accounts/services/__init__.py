"""What other rooms may ask of accounts: persons, staff, second factors, entering, phones."""

from kualik.accounts.adapters import iin_hash
from kualik.accounts.services.codes import (
    CodeOffer,
    check_code,
    count_offer,
    forget_codes,
    offer_code,
    standing_code,
)
from kualik.accounts.services.consents import give_consent, withdraw_consent
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
    applicant,
    enter_by_code,
    enter_by_identity,
    enter_person,
    leave_cabinet,
    open_cabinet,
    open_office,
    open_office_by_signature,
    session_secret,
)
from kualik.accounts.services.looks import note_looks, record_look
from kualik.accounts.services.persons import (
    DEMO_EVIDENCE,
    DemoPerson,
    PersonFacts,
    demo_people,
    find_person,
    find_persons,
    masked_iin,
    register_persons,
)
from kualik.accounts.services.phones import MOVED_JOB, confirm_phone, owner_of, remove_phone
from kualik.accounts.services.staff import enrol_staff, find_staff, is_own_iin

__all__ = [
    "DEMO_EVIDENCE",
    "MOVED_JOB",
    "CodeOffer",
    "DemoPerson",
    "PersonFacts",
    "applicant",
    "check_code",
    "confirm_code",
    "confirm_phone",
    "count_offer",
    "demo_people",
    "enrol_demo_device",
    "enrol_staff",
    "enrol_totp",
    "enter_by_code",
    "enter_by_identity",
    "enter_person",
    "find_person",
    "find_persons",
    "find_staff",
    "forget_codes",
    "give_consent",
    "iin_hash",
    "is_own_iin",
    "leave_cabinet",
    "lock",
    "masked_iin",
    "offer_code",
    "open_cabinet",
    "open_office",
    "open_office_by_signature",
    "owner_of",
    "record_device",
    "record_lock_out",
    "note_looks",
    "record_look",
    "record_sign_in",
    "register_persons",
    "remove_device",
    "remove_phone",
    "session_secret",
    "standing_code",
    "withdraw_consent",
]
