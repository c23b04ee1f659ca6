"""A simulated mail server: takes every letter by SMTP, delivers none, fails on demand."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

BEHAVIOURS = ("accept", "busy", "refuse")
LARGEST_LETTER = 1_000_000
REFUSALS = {"busy": "451 4.3.0 come back later", "refuse": "550 5.1.1 no such person"}


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that was taken."""

    to: str
    at: datetime
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"]).strip()

    @property
    def text(self) -> str:
        """The plain text."""
        body = self.message.get_body(("plain",))
        return body.get_content() if body else ""


class MailServer:
    """The letters that were taken, and how the next are answered."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.behaviour = "accept"
        self.letters: list[Letter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One conversation."""
        try:
            await self._converse(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipients: list[str] = []
        answer = "220 demo ESMTP"
        while True:
            writer.write(f"{answer}\r\n".encode())
            await writer.drain()
            line = (await reader.readline()).decode("utf-8", errors="replace").strip()
            verb = line[:4].upper()
            if verb in ("QUIT", ""):
                writer.write(b"221 bye\r\n")
                return
            if verb == "DATA" and recipients:
                answer = await self._data(reader, writer, recipients)
                recipients = []
            else:
                answer = self._said(verb, line, recipients)

    def _said(self, verb: str, line: str, recipients: list[str]) -> str:
        if verb == "EHLO":
            return "250-demo\r\n250-8BITMIME\r\n250 SMTPUTF8"
        if verb == "RCPT":
            if self.behaviour in REFUSALS:
                return REFUSALS[self.behaviour]
            recipients.append(line.partition("<")[2].partition(">")[0])
            return "250 ok"
        if verb in ("RSET", "MAIL"):
            recipients.clear()
        known = verb in ("HELO", "MAIL", "RSET", "NOOP")
        return "250 ok" if known else "503 not now" if verb == "DATA" else "502 unknown"

    async def _data(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipients: list[str]
    ) -> str:
        writer.write(b"354 go on\r\n")
        await writer.drain()
        content = bytearray()
        while (line := await reader.readline()) not in (b".\r\n", b""):
            content += line.removeprefix(b".") if line.startswith(b"..") else line
            if len(content) > LARGEST_LETTER:
                raise ValueError("too large a letter")
        message = message_from_bytes(bytes(content), policy=default)
        self.letters += [Letter(to, self.now(), message) for to in recipients]
        return "250 taken"
