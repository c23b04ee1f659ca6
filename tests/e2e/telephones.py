"""What happens on a telephone in the browser tests."""

import re
import time

from playwright.sync_api import Locator, Page

WAIT_SECONDS = 60
DIGITS = r"\b\d{6}\b"


class Catcher:
    """The page that shows what phones would show."""

    def __init__(self, page: Page, port: int) -> None:
        self.page, self.address = page, f"http://127.0.0.1:{port}/"

    def box(self, number: str) -> Locator:
        """What lies on that phone."""
        return self.page.locator(".phone", has=self.page.locator(f"[id='text-{number[1:]}']"))

    def wait_for(self, number: str, words: str) -> str:
        """The text of the message on that phone in which ``words`` stand, a regular expression."""
        end = time.monotonic() + WAIT_SECONDS
        while True:
            self.page.goto(self.address)
            found = self.box(number).locator(".said").all_inner_texts()
            for text in found:
                if re.search(words, text):
                    return text
            assert time.monotonic() < end, (number, words, found)
            time.sleep(0.3)

    def code(self, number: str) -> str:
        """The six digits that came."""
        found = re.search(DIGITS, self.wait_for(number, DIGITS))
        assert found
        return found[0]

    def answer(self, number: str, text: str) -> None:
        """Write back."""
        box = self.box(number)
        box.locator("input[name=text]").fill(text)
        box.locator("button").click()
        self.page.wait_for_selector(".told")


def come_back(page: Page) -> None:
    """From another application on the same phone: the page looks at once."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
