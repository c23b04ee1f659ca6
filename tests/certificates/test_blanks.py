"""The ledger of blanks (A57.4, A303.4): used + spoiled + lost + left = received, always."""

import itertools
from collections import Counter
from contextlib import AbstractContextManager
from datetime import datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kualik.accounts.models import User
from kualik.certificates.models import Blank, BlankCount, Certificate, Printing
from kualik.certificates.services.blanks import (
    Act,
    Delivery,
    Ledger,
    answer_print,
    blank_of,
    count_evening,
    give_blanks,
    held_by,
    is_counted,
    keep_act,
    ledger_of,
    ledgers_of,
    lose_blank,
    open_print,
    pick_blanks,
    print_on_blank,
    receive_blanks,
    run_count_job,
    spoil_blank,
    subject_of,
    take_back,
    use_blank,
)
from kualik.core import journal
from kualik.core.clock import ZONE, local_day
from kualik.core.models import StaffTask
from kualik.core.tasks import open_tasks
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role, State
from tests.world import House, World, build_world

KEEPER, CLERK = Role.OFFICE_HEAD, Role.CLERK
ACT = Act(number="7", reason="Мүйісі жыртылған")


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


def by(house: House, role: Role, world: World) -> dict[str, object]:
    return {"user": house.staff[role], "role": role, "now": world.now}


def delivery(first: int = 1, last: int = 10, *, world: World, **changed: object) -> Delivery:
    values = {
        "series": "AA",
        "first": first,
        "last": last,
        "document": "Жүкқұжат № 12",
        "received_on": local_day(world.now),
    }
    return Delivery(**{**values, **changed})


def stocked(world: World, house: House | None = None, last: int = 10) -> None:
    house = house or world.demo
    receive_blanks(
        provider=house.provider, delivery=delivery(1, last, world=world), **by(house, KEEPER, world)
    )


def given(world: World, count: int = 3, first: int = 1, role: Role = CLERK) -> list[Blank]:
    """Blanks that the clerk holds."""
    rows = pick_blanks(provider=world.demo.provider, series="AA", first=first, count=count)
    give_blanks(blanks=rows, holder=world.demo.staff[role], **by(world.demo, KEEPER, world))
    return list(held_by(world.demo.staff[role]))


def document(world: World, state: State = State.ISSUED) -> Certificate:
    found = world.by_state[state].certificate
    assert found is not None
    return found


def printed(world: World, blank: Blank, **more: object) -> Printing:
    given = {"certificate": document(world), "printer": None, "reason": "", **more}
    return print_on_blank(blank=blank, **given, **by(world.demo, CLERK, world))


def refused(code: str) -> AbstractContextManager[object]:
    return pytest.raises(RuleViolation, match=f"^{code}")


def test_what_came_lies_in_the_safe_and_adds_up(world: World) -> None:
    stocked(world)
    assert ledger_of(world.demo.provider) == Ledger(received=10, in_stock=10)
    assert ledger_of(world.other.provider) == Ledger()
    assert Blank.objects.first().label == "AA 000001"


def test_a_number_is_received_once_and_each_provider_has_its_own(world: World) -> None:
    stocked(world)
    with refused("blank_known"):
        receive_blanks(
            provider=world.demo.provider,
            delivery=delivery(10, 12, world=world),
            **by(world.demo, KEEPER, world),
        )
    assert ledger_of(world.demo.provider).received == 10
    stocked(world, world.other)
    both = ledgers_of([world.demo.provider, world.other.provider])
    assert [one.received for one in both.values()] == [10, 10]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"series": "A A"}, "blank_series_wrong"),
        ({"first": 5, "last": 4}, "blank_numbers_wrong"),
        ({"last": 5001}, "blank_numbers_wrong"),
        ({"last": 1000, "digits": 3}, "blank_numbers_wrong"),
        ({"document": " "}, "blank_document_missing"),
    ],
)
def test_a_delivery_that_cannot_be_is_refused(world: World, changed: dict, code: str) -> None:
    with refused(code):
        receive_blanks(
            provider=world.demo.provider,
            delivery=delivery(world=world, **changed),
            **by(world.demo, KEEPER, world),
        )


def test_a_delivery_of_tomorrow_is_refused(world: World) -> None:
    ahead = local_day(world.now) + timedelta(days=1)
    with refused("blank_day_ahead"):
        receive_blanks(
            provider=world.demo.provider,
            delivery=delivery(world=world, received_on=ahead),
            **by(world.demo, KEEPER, world),
        )


def test_a_clerk_keeps_no_safe_and_nobody_keeps_that_of_another_provider(world: World) -> None:
    for house, role in ((world.demo, CLERK), (world.other, KEEPER)):
        with refused("not_permitted"):
            receive_blanks(
                provider=world.demo.provider,
                delivery=delivery(world=world),
                **by(house, role, world),
            )


def test_blanks_are_given_to_staff_of_the_counter_in_a_row(world: World) -> None:
    stocked(world)
    assert [row.number for row in given(world)] == [1, 2, 3]
    assert ledger_of(world.demo.provider) == Ledger(received=10, in_stock=7, given=3)
    with refused("blanks_not_in_stock"):
        pick_blanks(provider=world.demo.provider, series="AA", first=3, count=2)
    rows = pick_blanks(provider=world.demo.provider, series="aa", first=4, count=1)
    for holder in (world.other.staff[CLERK], world.demo.staff[Role.AUTHORISED_PERSON]):
        with refused("holder_unfit"):
            give_blanks(blanks=rows, holder=holder, **by(world.demo, KEEPER, world))


def test_a_blank_comes_out_well_and_is_used(world: World) -> None:
    stocked(world)
    blank = given(world)[0]
    row = printed(world, blank)
    assert Blank.objects.get(pk=blank.pk).state == Blank.State.GIVEN
    answer_print(printing=row, outcome="good", act=None, **by(world.demo, CLERK, world))
    assert blank_of(document(world)) == blank
    assert ledger_of(world.demo.provider) == Ledger(received=10, in_stock=7, given=2, used=1)
    told = [entry.action for entry in journal.history(subject_of(blank))]
    assert told == [
        "certificates.blank_given",
        "certificates.blank_at_printer",
        "certificates.blank_used",
    ]


def test_a_blank_that_came_out_badly_is_written_off_and_another_one_taken(world: World) -> None:
    stocked(world)
    first, second, _ = given(world)
    row = printed(world, first)
    with refused("act_missing"):
        answer_print(printing=row, outcome="spoiled", act=None, **by(world.demo, CLERK, world))
    assert open_print(document(world)) == row
    answer_print(printing=row, outcome="spoiled", act=ACT, **by(world.demo, CLERK, world))
    with refused("reprint_reason_missing"):
        printed(world, second)
    again = printed(world, second, reason="Бланк бүлінді")
    answer_print(printing=again, outcome="good", act=None, **by(world.demo, CLERK, world))
    ledger = ledger_of(world.demo.provider)
    assert ledger == Ledger(received=10, in_stock=7, given=1, used=1, spoiled=1)
    told = journal.history(f"certificate:{document(world).number}")
    reasons = [row.data.get("reason") for row in told if row.action == "certificates.printed"]
    assert reasons == [None, "Бланк бүлінді"]


def test_a_blank_on_which_nothing_came_out_serves_again(world: World) -> None:
    stocked(world)
    blank = given(world)[0]
    row = printed(world, blank)
    answer_print(printing=row, outcome="nothing", act=None, **by(world.demo, CLERK, world))
    assert ledger_of(world.demo.provider) == Ledger(received=10, in_stock=7, given=3)
    blank = held_by(world.demo.staff[CLERK])[0]
    again = printed(world, blank, reason="Принтерде қағаз тұрып қалды")
    answer_print(printing=again, outcome="good", act=None, **by(world.demo, CLERK, world))
    assert blank_of(document(world)) == blank


def test_a_print_is_answered_once(world: World) -> None:
    stocked(world)
    row = printed(world, given(world)[0])
    answer_print(printing=row, outcome="good", act=None, **by(world.demo, CLERK, world))
    with refused("print_answered"):
        answer_print(printing=row, outcome="spoiled", act=ACT, **by(world.demo, CLERK, world))


def test_a_blank_at_the_printer_goes_nowhere_before_the_answer(world: World) -> None:
    stocked(world)
    blank, other, _ = given(world)
    printed(world, blank)
    blank.refresh_from_db()
    for act in (
        lambda: take_back(blank=blank, **by(world.demo, CLERK, world)),
        lambda: spoil_blank(blank=blank, act=ACT, **by(world.demo, CLERK, world)),
        lambda: lose_blank(blank=blank, act=ACT, **by(world.demo, KEEPER, world)),
    ):
        with refused("blank_at_printer"):
            act()
    assert blank not in held_by(world.demo.staff[CLERK])
    with refused("print_open"):
        printed(world, other, reason="тағы")


@pytest.mark.parametrize("role", [KEEPER, Role.PROVIDER_ADMIN, Role.REGISTRAR])
@pytest.mark.parametrize("outcome", ["spoiled", "nothing"])
def test_a_keeper_answers_for_the_print_of_somebody_who_is_gone(
    world: World, role: Role, outcome: str
) -> None:
    stocked(world)
    blank, other, _ = given(world)
    row = printed(world, blank)
    User.objects.filter(pk=blank.holder_id).update(is_active=False)
    keeper = by(world.demo, role, world)
    with refused("blank_of_another"):
        answer_print(printing=row, outcome="good", act=None, **keeper)
    answer_print(printing=row, outcome=outcome, act=ACT, **keeper)
    blank.refresh_from_db()
    if outcome == "nothing":
        take_back(blank=blank, **keeper)
    ends = {"nothing": "in_stock", "spoiled": "spoiled"}
    assert Blank.objects.get(pk=blank.pk).state == ends[outcome]
    assert printed(world, other, reason="Қызметкер ауысты").outcome == ""
    assert ledger_of(world.demo.provider).adds_up
    entry = [
        one
        for one in journal.history(f"certificate:{document(world).number}")
        if one.action == f"certificates.print_{outcome}"
    ][-1]
    assert entry.actor == f"user:{world.demo.staff[role].pk}"


def test_neither_a_colleague_nor_a_keeper_elsewhere_answers_for_somebody(world: World) -> None:
    stocked(world)
    row = printed(world, given(world)[0])
    colleague = {"user": world.demo.staff[Role.REGISTRAR], "role": CLERK, "now": world.now}
    for who, code in (
        (colleague, "blank_of_another"),
        (by(world.other, KEEPER, world), "not_permitted"),
    ):
        with refused(code):
            answer_print(printing=row, outcome="nothing", act=None, **who)
    assert open_print(document(world)) == row


def test_a_document_is_on_one_blank_until_that_one_is_written_off(world: World) -> None:
    stocked(world)
    first, second, _ = given(world)
    use_blank(blank=first, certificate=document(world), **by(world.demo, CLERK, world))
    with refused("document_on_blank"):
        use_blank(blank=second, certificate=document(world), **by(world.demo, CLERK, world))
    with pytest.raises(IntegrityError), transaction.atomic():
        Blank.objects.filter(pk=second.pk).update(state="used", certificate=document(world))
    with refused("blank_of_another"):
        spoil_blank(blank=first, act=ACT, **by(world.demo, CLERK, world))
    spoil_blank(blank=first, act=ACT, **by(world.demo, KEEPER, world))
    use_blank(blank=second, certificate=document(world), **by(world.demo, CLERK, world))
    assert ledger_of(world.demo.provider).adds_up


def test_only_the_holder_uses_a_blank_and_only_for_a_document_in_force(world: World) -> None:
    stocked(world)
    blank = given(world)[0]
    with refused("blank_of_another"):
        use_blank(blank=blank, certificate=document(world), **by(world.demo, KEEPER, world))
    draft = document(world, State.APPROVED)
    with refused("document_not_in_force"):
        use_blank(blank=blank, certificate=draft, **by(world.demo, CLERK, world))


def test_nobody_touches_blanks_of_another_provider(world: World) -> None:
    stocked(world)
    blank = given(world)[0]
    strange = by(world.other, KEEPER, world)
    for act in (
        lambda: take_back(blank=blank, **strange),
        lambda: spoil_blank(blank=blank, act=ACT, **strange),
        lambda: lose_blank(blank=blank, act=ACT, **strange),
        lambda: use_blank(blank=blank, certificate=document(world), **strange),
    ):
        with refused("not_permitted"):
            act()


def test_the_evening_count_agrees_or_tells_the_chief(world: World) -> None:
    stocked(world)
    keeper = by(world.demo, KEEPER, world)
    with refused("count_difference_unexplained"):
        count_evening(provider=world.demo.provider, counted=9, remark="", **keeper)
    row = count_evening(provider=world.demo.provider, counted=9, remark="Іздеп жатырмыз", **keeper)
    assert row.difference == -1
    (task,) = open_tasks(roles=[KEEPER], scope="DEMO").filter(kind="blanks_differ")
    assert (task.params["left"], task.params["counted"]) == (10, 9)
    count_evening(provider=world.demo.provider, counted=10, remark="", **keeper)
    assert BlankCount.objects.count() == 1
    assert not open_tasks(roles=[KEEPER], scope="DEMO").filter(kind="blanks_differ")


def test_a_day_with_movement_that_nobody_counted_becomes_a_task_of_the_chief(world: World) -> None:
    stocked(world)
    run_count_job({}, world.now)
    uncounted = StaffTask.objects.filter(kind="blanks_not_counted")
    assert not uncounted.exists()
    tomorrow = world.now + timedelta(days=1)
    for _ in range(2):
        run_count_job({}, tomorrow)
    (task,) = uncounted.all()
    assert (task.scope, task.role) == ("DEMO", KEEPER)
    assert task.params["day"] == f"{local_day(world.now):%d.%m.%Y}"
    late = {**by(world.demo, KEEPER, world), "now": tomorrow}
    count_evening(provider=world.demo.provider, counted=10, remark="", **late)
    assert not uncounted.filter(closed_at=None)


def test_a_counted_day_and_a_day_without_movement_need_nothing(world: World) -> None:
    stocked(world)
    keeper = by(world.demo, KEEPER, world)
    count_evening(provider=world.demo.provider, counted=10, remark="", **keeper)
    for days in (1, 2):
        run_count_job({}, world.now + timedelta(days=days))
    assert not StaffTask.objects.filter(kind="blanks_not_counted")


def test_a_count_of_the_morning_says_nothing_of_the_evening(world: World) -> None:
    at = datetime.combine(local_day(world.now), time(9), tzinfo=ZONE)
    keeper = by(world.demo, KEEPER, world)
    morning, noon, evening = ({**keeper, "now": at + timedelta(hours=hours)} for hours in (0, 3, 8))
    provider = world.demo.provider
    paper = {"provider": provider, "delivery": delivery(world=world)}
    receive_blanks(**paper, **morning)
    count_evening(provider=provider, counted=10, remark="", **morning)
    rows = pick_blanks(provider=provider, series="AA", first=1, count=1)
    give_blanks(blanks=rows, holder=world.demo.staff[CLERK], **noon)
    assert not is_counted(provider, local_day(at))
    run_count_job({}, at + timedelta(days=1))
    (task,) = StaffTask.objects.filter(kind="blanks_not_counted", closed_at=None)
    assert task.params["day"] == f"{local_day(at):%d.%m.%Y}"
    count_evening(provider=provider, counted=10, remark="", **evening)
    assert is_counted(provider, local_day(at))
    assert not StaffTask.objects.filter(kind="blanks_not_counted", closed_at=None)


def test_a_scan_of_an_act_kept_after_the_count_moves_no_blank(world: World) -> None:
    stocked(world)
    keeper = by(world.demo, KEEPER, world)
    (blank,) = pick_blanks(provider=world.demo.provider, series="AA", first=1, count=1)
    spoil_blank(blank=blank, act=ACT, **keeper)
    count_evening(provider=world.demo.provider, counted=9, remark="", **keeper)
    keep_act(blank=blank, content=b"%PDF-", **{**keeper, "now": world.now + timedelta(seconds=1)})
    assert is_counted(world.demo.provider, local_day(world.now))


CHOICE = st.integers(0, 15)


class Books(RuleBasedStateMachine):
    """Random acts of two clerks, a head and a registrar at two providers.

    Beside the ledger the machine keeps its own book of every number; both must always agree.
    """

    world: World

    @initialize()
    def begin(self) -> None:
        self.savepoint = transaction.savepoint()
        self.book: dict[int, Counter[str]] = {house.provider.pk: Counter() for house in self.houses}
        self.first = itertools.count(1, 4)
        self.prints: list[Printing] = []
        for house in range(2):
            self.receive(house, 4)
            for _ in range(2):
                self.give(house, 1)

    def teardown(self) -> None:
        if hasattr(self, "savepoint"):
            transaction.savepoint_rollback(self.savepoint)

    @property
    def houses(self) -> list[House]:
        return [self.world.demo, self.world.other]

    def staff(self, house: House, keeper: bool) -> dict[str, object]:
        return by(house, KEEPER if keeper else CLERK, self.world)

    def any_blank(self, house: House, choice: int, likely: str) -> Blank | None:
        """One in the ``likely`` state three times of four, else any at all."""
        related = ("receipt", "provider", "certificate")
        rows = Blank.objects.filter(provider=house.provider).select_related(*related)
        found = list((rows.filter(state=likely) if choice % 4 else rows).order_by("pk"))
        return found[choice % len(found)] if found else None

    def note(self, house: House, frm: str, to: str) -> None:
        book = self.book[house.provider.pk]
        book[frm] -= 1
        book[to] += 1

    @rule(house=st.sampled_from([0, 1]), count=st.integers(1, 4))
    def receive(self, house: int, count: int) -> None:
        mine, first = self.houses[house], next(self.first)
        receive_blanks(
            provider=mine.provider,
            delivery=delivery(first, first + count - 1, world=self.world),
            **self.staff(mine, keeper=True),
        )
        self.book[mine.provider.pk].update({"received": count, "in_stock": count})

    @rule(house=st.sampled_from([0, 1]), choice=CHOICE)
    def give(self, house: int, choice: int) -> None:
        mine = self.houses[house]
        blank = self.any_blank(mine, choice, "in_stock")
        if blank is not None and self.done(
            lambda: give_blanks(
                blanks=[blank], holder=mine.staff[CLERK], **self.staff(mine, keeper=True)
            )
        ):
            self.note(mine, "in_stock", "given")

    @rule(house=st.sampled_from([0, 1]), choice=CHOICE, keeper=st.booleans())
    def back(self, house: int, choice: int, keeper: bool) -> None:
        mine = self.houses[house]
        blank = self.any_blank(mine, choice, "given")
        if blank is not None and self.done(
            lambda: take_back(blank=blank, **self.staff(mine, keeper))
        ):
            self.note(mine, "given", "in_stock")

    @rule(
        house=st.sampled_from([0, 1]),
        choice=CHOICE,
        keeper=st.booleans(),
        act=st.sampled_from([spoil_blank, lose_blank]),
        paper=st.sampled_from([ACT, ACT, Act(number="", reason="")]),
    )
    def write_off(self, house: int, choice: int, keeper: bool, act, paper: Act) -> None:
        mine = self.houses[house]
        blank = self.any_blank(mine, choice, "given")
        before = blank.state if blank else ""
        if blank is not None and self.done(
            lambda: act(blank=blank, act=paper, **self.staff(mine, keeper))
        ):
            self.note(mine, before, "spoiled" if act is spoil_blank else "lost")

    @rule(
        house=st.sampled_from([0, 1]),
        choice=CHOICE,
        state=st.sampled_from(["ISSUED"] * 3 + ["HANDED_OVER", "APPROVED"]),
    )
    def to_printer(self, house: int, choice: int, state: str) -> None:
        mine = self.houses[house]
        blank = self.any_blank(mine, choice, "given")
        if blank is None:
            return
        paper = document(self.world, State[state])
        self.done(
            lambda: self.prints.append(
                print_on_blank(
                    certificate=paper,
                    blank=blank,
                    printer=None,
                    reason="тағы бір рет",
                    **self.staff(mine, keeper=False),
                )
            )
        )

    @rule(
        choice=CHOICE,
        outcome=st.sampled_from(["good", "spoiled", "nothing"]),
        paper=st.sampled_from([ACT, None]),
        keeper=st.booleans(),
    )
    def answer(self, choice: int, outcome: str, paper: Act | None, keeper: bool) -> None:
        if not self.prints:
            return
        row = self.prints[-1 - choice % 4 % len(self.prints)]
        mine = self.world.demo
        if self.done(
            lambda: answer_print(
                printing=row, outcome=outcome, act=paper, **self.staff(mine, keeper)
            )
        ):
            assert not (keeper and outcome == "good")
            to = {"good": "used", "spoiled": "spoiled", "nothing": "given"}[outcome]
            self.note(mine, "given", to)

    @rule(house=st.sampled_from([0, 1]), off=st.integers(-1, 1))
    def count(self, house: int, off: int) -> None:
        mine = self.houses[house]
        left = ledger_of(mine.provider).left
        counted = max(left + off, 0)
        count_evening(
            provider=mine.provider,
            counted=counted,
            remark="санақ",
            **self.staff(mine, keeper=True),
        )
        row = BlankCount.objects.get(provider=mine.provider)
        assert row.used + row.spoiled + row.lost + row.left == row.received
        assert row.difference == counted - left

    def done(self, act) -> bool:
        """Whether the act was let through; one that was not leaves everything as it was."""
        try:
            with transaction.atomic():
                act()
        except RuleViolation:
            return False
        return True

    @invariant()
    def every_blank_is_accounted_for(self) -> None:
        for house in self.houses:
            ledger = ledger_of(house.provider)
            book = self.book[house.provider.pk]
            assert ledger.adds_up
            assert ledger == Ledger(**{name: book[name] for name in Ledger.__slots__})

    @invariant()
    def a_used_blank_bears_its_own_document_and_a_given_one_has_a_holder(self) -> None:
        used = Blank.objects.filter(state="used").values_list("certificate", flat=True)
        assert None not in used
        assert len(set(used)) == len(used)
        assert not Blank.objects.filter(state="given", holder=None)
        assert not Blank.objects.filter(state__in=["spoiled", "lost"], act_number="")
        open_ones = Printing.objects.filter(outcome="").values_list("blank__state", flat=True)
        assert set(open_ones) <= {"given"}


@pytest.mark.django_db
def test_random_acts_never_lose_a_blank(world: World) -> None:
    Books.world = world
    Books.TestCase.settings = settings(
        max_examples=15,
        stateful_step_count=30,
        suppress_health_check=list(HealthCheck),
    )
    Books.TestCase("runTest").runTest()
