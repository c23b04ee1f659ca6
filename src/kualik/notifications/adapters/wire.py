"""Packets of SMPP over TCP or TLS; smpplib writes and reads their fields."""

import select
import socket
import ssl
import struct
import time
from typing import Any

from smpplib import consts, exceptions, smpp
from smpplib.client import SimpleSequenceGenerator

CONNECT_SECONDS = 10.0
WRITE_SECONDS = 15.0
HEADER_BYTES = 16
# A short message and its options are some hundreds of bytes; more is no SMPP.
LARGEST_PACKET = 65_536
READ_BYTES = 65_536


class LinkLost(Exception):
    """The connection is gone; the argument says how."""


class Wire:
    """One connection. Every method raises LinkLost, and after that the connection is closed."""

    def __init__(self, host: str, port: int, *, is_secure: bool) -> None:
        self._numbers = SimpleSequenceGenerator()
        self._buffer = bytearray()
        try:
            plain = socket.create_connection((host, port), timeout=CONNECT_SECONDS)
            self._socket = plain
            if is_secure:
                context = ssl.create_default_context()
                self._socket = context.wrap_socket(plain, server_hostname=host)
        except OSError as fault:
            raise LinkLost(type(fault).__name__) from None
        self.is_open = True

    def packet(self, command: str, *, answers: int | None = None, **fields: object) -> Any:
        """A packet with the next number, or with the number of the one it answers."""
        made = smpp.make_pdu(command, client=self._numbers, **fields)
        if answers is not None:
            made.sequence = answers
        return made

    def write(self, packet: Any) -> None:
        """Send a whole packet."""
        if not self.is_open:
            raise LinkLost("closed")
        try:
            self._socket.settimeout(WRITE_SECONDS)
            self._socket.sendall(packet.generate())
        except OSError as fault:
            raise self.lost(type(fault).__name__) from None

    def read(self, seconds: float) -> Any | None:
        """The next packet; None when none is whole after ``seconds``."""
        until = time.monotonic() + seconds
        while self.is_open:
            if (raw := self._whole()) is not None:
                if (packet := self._parsed(raw)) is not None:
                    return packet
            elif not self._receive(max(0.0, until - time.monotonic())):
                return None
        raise LinkLost("closed")

    def refuse(self, number: int) -> None:
        """Answer a packet that is no use to us."""
        nack = self.packet("generic_nack", answers=number)
        nack.status = consts.SMPP_ESME_RINVCMDID
        self.write(nack)

    def close(self) -> None:
        """Leave, whether or not the other side is there."""
        self.is_open = False
        self._socket.close()

    def lost(self, how: str) -> LinkLost:
        """Close, and the error to raise."""
        self.close()
        return LinkLost(how)

    def _whole(self) -> bytes | None:
        if len(self._buffer) < HEADER_BYTES:
            return None
        (size,) = struct.unpack_from(">L", self._buffer)
        if not HEADER_BYTES <= size <= LARGEST_PACKET:
            raise self.lost("a packet of an impossible size")
        if len(self._buffer) < size:
            return None
        raw = bytes(self._buffer[:size])
        del self._buffer[:size]
        return raw

    def _receive(self, seconds: float) -> bool:
        """Read what came within ``seconds``; False when nothing did."""
        pending = isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()
        if not pending and not select.select([self._socket], [], [], seconds)[0]:
            return False
        try:
            content = self._socket.recv(READ_BYTES)
        except OSError as fault:
            raise self.lost(type(fault).__name__) from None
        if not content:
            raise self.lost("the other side hung up")
        self._buffer += content
        return True

    def _parsed(self, raw: bytes) -> Any | None:
        """The fields of a packet; None for a command that we do not know: the other side is told.

        After a packet that cannot be read the connection is not to be trusted any more.
        """
        try:
            return smpp.parse_pdu(raw, client=self._numbers, allow_unknown_opt_params=True)
        except exceptions.UnknownCommandError:
            (number,) = struct.unpack_from(">L", raw, 12)
            self.refuse(number)
            return None
        except (struct.error, IndexError, TypeError, KeyError) as fault:
            raise self.lost(f"a packet that cannot be read: {type(fault).__name__}") from None
