"""The people of the house at their browsers: clerks, the reception, the head, the administrator."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bench.day.books import Entry
from bench.day.browser import PASSWORD, Browser, Page, Refused
from bench.day.people import Visitor
from bench.day.system import System

WINDOW = "/office/window/"
HEAD, ADMINISTRATOR = "office-head@demo.example", "provider-admin@demo.example"
OLD_CLERKS = ("clerk@demo.example", "registrar@demo.example")
NEW_CLERKS = (
    ("window-3@demo.example", "Тілеубаева Раушан Серікқызы"),
    ("window-4@demo.example", "Нұрмағанбетов Дастан Ерікұлы"),
)
NEW_PASSWORD = "терезеде жұмыс істеймін"  # noqa: S105 - of an invented account
# The fourth window serves what takes little time.
QUICK = ("pick_up", "ask")
SERIES, FIRST_BLANK, DELIVERED, EACH = "DN", 1, 40, 8


@dataclass(kw_only=True)
class Clerk:
    """Somebody at a window; ``page`` is what the window shows, ``marks`` what is kept of the time
    in which no server answers."""

    browser: Browser
    name: str
    window: int = 0
    lines: Sequence[str] = ()
    page: Page | None = None
    entry: Entry | None = None
    marks: list[dict[str, object]] = field(default_factory=list)

    def serves(self, visitor: Visitor) -> bool:
        return not self.lines or visitor.line in self.lines

    def sit_down(self, window: int) -> None:
        """Open a window by its number."""
        self.window = window
        page = self.browser.open(WINDOW)
        [card] = [
            card
            for card in page.tree.xpath("//li[.//input[@name='window']]")
            if re.findall(r"\d+", card.xpath(".//h2")[0].text_content()) == [str(window)]
        ]
        key = card.xpath(".//input[@name='window']")[0].get("value")
        self.page = self.browser.send(f"{WINDOW}open/", {"window": key})

    def call(self) -> str:
        """Press for the next visitor: the number that the page then shows, empty for nobody."""
        self.page = self.browser.send(f"{WINDOW}call/", {})
        return self.page.text("//*[@class='w-now']")

    def press(self, act: str, **typed: str) -> None:
        """One act at the visitor in hand, by the form of the page."""
        fields = self._page.wants(f"/{act}/")
        self.page = self.browser.send(f"{WINDOW}{act}/", {**fields, **typed})

    def keep(self, act: str, at: datetime, **typed: str) -> None:
        """What the page keeps when the server does not answer."""
        form = self._page.wants(f"/{act}/")
        visit = int(form["visit"])
        told = {"user": "", "act": act, "visit": visit, "at": at.isoformat(), "key": form["key"]}
        self.marks.append({**told, **typed})

    def merge(self) -> None:
        """Send the kept marks, and once more as a page does that did not hear the answer."""
        marks, self.marks = self.marks, []
        for expected in ("merged", "known") if marks else ():
            told = self.browser.tell(f"{WINDOW}merge/", {"marks": marks})["results"]
            if [one["state"] for one in told] != [expected] * len(marks):
                raise Refused(f"window {self.window}: {told}")
        self.page = self.browser.open(WINDOW)

    def leave(self) -> None:
        """Close the window."""
        self.page = self.browser.send(f"{WINDOW}close/", {})

    @property
    def _page(self) -> Page:
        if self.page is None:
            raise Refused("no page is open")
        return self.page


@dataclass(kw_only=True)
class House:
    """Everybody of the house who works today, its kiosk, and the phone of a visitor."""

    office: str
    head: Browser
    clerks: list[Clerk]
    kiosk: Browser
    phone: Browser


def open_house(system: System) -> House:
    """Sign everybody in; the administrator sets windows, printer and accounts up by the pages."""
    admin, head = Browser(system.address), Browser(system.address)
    admin.sign_in(ADMINISTRATOR, now=system.now)
    head.sign_in(HEAD, now=system.now)
    invite(system, admin)
    settings = admin.open("/office/hall/settings/")
    fields = settings.wants("/office/hall/settings/")
    printer = f"tcp://127.0.0.1:{system.printer_port}"
    admin.send("/office/hall/settings/", {**fields, "printer": printer})
    new = {"prefix": "new", "new-number": "4", "new-is_active": "on", "new-lines": QUICK}
    admin.send("/office/hall/settings/window/", {"office": fields["office"], **new})
    clerks = []
    for place, email in enumerate([*OLD_CLERKS, *(email for email, _ in NEW_CLERKS)], start=1):
        browser = Browser(system.address)
        password = PASSWORD if place <= len(OLD_CLERKS) else NEW_PASSWORD
        browser.sign_in(email, now=system.now, password=password)
        name = browser.open("/profile/").text("//h1")
        clerk = Clerk(browser=browser, name=name, lines=QUICK if place == 4 else ())
        clerks.append(clerk)
    # The administrator pairs the device at the door, which ends the own session on it.
    told = {"office": fields["office"], "screen": "kiosk"}
    admin.send("/office/hall/settings/screens/", told)
    return House(
        office=fields["office"],
        head=head,
        clerks=clerks,
        kiosk=admin,
        phone=Browser(system.address),
    )


def invite(system: System, admin: Browser) -> None:
    """Two more clerks, who choose a password by the link that the administrator hands them."""
    for email, name in NEW_CLERKS:
        position = {"position_kk": "терезе маманы", "position_ru": "специалист окна"}
        told = {"email": email, "full_name": name, "roles": "clerk", **position}
        page = admin.send("/office/staff/new/", told)
        link = page.text("//section[@aria-labelledby='link-title']/p[@class='k-number k-wrap']")
        guest = Browser(system.address)
        guest.open(link)
        guest.send(link, {"password": NEW_PASSWORD, "again": NEW_PASSWORD})


def stock(house: House, day: str) -> int:
    """Take a delivery of blanks in and give some to each clerk; how many were left before."""
    head = house.head
    cells = head.open("/office/blanks/").tree.xpath("(//table)[1]/tbody/tr/td")
    before = int(cells[3].text_content())
    delivery = {
        "series": SERIES,
        "first": FIRST_BLANK,
        "last": FIRST_BLANK + DELIVERED - 1,
        "digits": 6,
        "document": "Жүкқұжат № 300 / Накладная № 300",
        "received_on": day,
    }
    head.open("/office/blanks/receive/")
    head.send("/office/blanks/receive/", delivery)
    for place, clerk in enumerate(house.clerks):
        page = head.open("/office/blanks/give/")
        options = {
            option.text_content().strip(): option.get("value")
            for option in page.tree.xpath("//select[@name='holder']/option")
        }
        given = {"series": SERIES, "first": FIRST_BLANK + place * EACH, "count": EACH}
        head.send("/office/blanks/give/", {"holder": options[clerk.name], **given})
    return before


def take_at_kiosk(house: House, visitor: Visitor) -> tuple[str, bool]:
    """Number of the ticket, and whether the printer of the hall printed it."""
    path = f"/kiosk/{house.office}/{visitor.language}/"
    first = f"?first={visitor.priority}" if visitor.priority else ""
    fields = house.kiosk.open(path + first).wants("/take/")
    page = house.kiosk.send(f"{path}take/", {**fields, "line": visitor.line})
    number = page.text("//*[@class='s-ticket__number']")
    return number, not page.text("//*[contains(@class,'s-note--warn')]")


def take_by_phone(house: House, visitor: Visitor) -> tuple[str, str]:
    """Number of the ticket, and the address of its page."""
    path, phone = f"/queue/{house.office}/", house.phone
    code = house.kiosk.open(f"/board/{house.office}/").text("//*[@class='s-code']/strong")
    fields = phone.open(path).wants("/take/")
    told = {"line": visitor.line, "first": visitor.priority, "code": code}
    page = phone.send(f"{path}take/", {**fields, **told})
    return page.text("//h1[@class='s-number']/strong"), page.address


def take_at_reception(house: House, visitor: Visitor) -> str:
    """Number of the ticket that the head, who sits at the reception today, gives."""
    fields = house.head.open("/office/hall/").wants("/office/hall/ticket/")
    told = {"line": visitor.line, "priority": visitor.priority, "language": visitor.language}
    page = house.head.send("/office/hall/ticket/", {**fields, **told})
    return page.text("//h1").split()[-1]


def enter_paper(house: House, visitor: Visitor, number: int, at: datetime) -> str:
    """Put somebody into the line who got a number on paper while nothing answered."""
    path = f"/office/hall/paper/?office={house.office}"
    fields = house.head.open(path).wants("/office/hall/paper/")
    told = {"line": visitor.line, "priority": visitor.priority, "language": visitor.language}
    typed = {**fields, **told, "number": str(number), "at": f"{at:%H:%M}"}
    house.head.send(path, typed)
    return f"P{number}"


def come_back(house: House, number: str, language: str) -> None:
    """A missed visitor says at the kiosk to be here."""
    path = f"/kiosk/{house.office}/{language}/here/"
    house.kiosk.open(path)
    house.kiosk.send(path, {"number": number})


def give_up(house: House, address: str) -> None:
    """A visitor says on the phone that there is no need to wait."""
    house.phone.open(address)
    house.phone.send(f"{address}cancel/", {})


def hand_over(clerk: Clerk, iin: str, *, spoils: bool) -> int:
    """Identify the visitor, print on a blank, spoil the first one or not, have the slip signed;
    how many blanks are gone."""
    browser = clerk.browser
    shown = {"iin": iin, "number": "041700417", "document": "identity_card"}
    fields = browser.open("/office/work/").wants("/office/work/")
    page = browser.send("/office/work/", {**fields, **shown, "valid_until": ""})
    links = page.tree.xpath("//main//a[contains(@accesskey,'h')]/@href")
    if not links:
        raise Refused(f"nothing is ready: {page.text('//main')[:300]}")
    path = links[0]
    page = browser.open(path)
    if page.form("/paper/") is not None:
        page = browser.send(f"{path}paper/", {})
    gone = 0
    for is_good in (False, True) if spoils else (True,):
        fields = page.wants("/print/")
        again = {"reason": "Первый бланк смят"} if "reason" in fields else {}
        page = browser.send(f"{path}print/", {**fields, **again})
        _pdf(browser, f"{path}print.pdf")
        act = {"act_number": "1", "reason": "Принтер смял бланк"}
        answer = {"outcome": "good"} if is_good else {"outcome": "spoiled", **act}
        page = browser.send(f"{path}answer/", answer)
        gone += 1
    _pdf(browser, f"{path}slip.pdf")
    page = browser.send(f"{path}sign/", {})
    if page.form("/sign/") is not None or not page.text("//*[@id='done-title']"):
        raise Refused(f"not handed over: {page.text('//main')[:300]}")
    return gone


def lose_blank(house: House, number: int) -> None:
    """Write a blank off that nobody finds."""
    found = house.head.open(f"/office/blanks/?number={number}&state=")
    rows: list[Any] = found.tree.xpath(f"//th/a[contains(., '{SERIES}')]/@href")
    told = {"act_number": "2", "reason": "Бланк не найден при пересчёте"}
    house.head.send(f"{rows[0]}lose/", told)


def count(house: House, number: int) -> None:
    """The count of the evening."""
    house.head.open("/office/blanks/count/")
    house.head.send("/office/blanks/count/", {"counted": number, "remark": ""})


def _pdf(browser: Browser, path: str) -> None:
    if not browser.file(path).startswith(b"%PDF"):
        raise Refused(f"{path} is no PDF")
