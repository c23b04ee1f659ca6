"""A ticket printer that prints into files: ESC/POS over TCP, as network printers speak it.

    python tools/ticket_printer.py [--port N] [--directory FOLDER] [--no-paper]

Every ticket that is cut becomes FOLDER/ticket-0001.png and so on. It understands ESC @, GS v 0,
GS V, GS r and DLE EOT; anything else is an error that it tells, since a printer would print it as
rubbish. Writing "out" into FOLDER/paper takes the paper away, removing the file puts it in.
"""

import argparse
import socketserver
import sys
from pathlib import Path

from PIL import Image

PORT = 9100
INITIALISE, CUT, RASTER, STATUS = b"\x1b@", b"\x1dV", b"\x1dv0", b"\x1dr"
REAL_TIME = b"\x10\x04"
PAPER_IN_NOW, PAPER_OUT_NOW = b"\x12", b"\x72"
PAPER_IN_AFTER, PAPER_OUT_AFTER = b"\x00", b"\x0c"


class TicketPrinter(socketserver.ThreadingTCPServer):
    """Listens on loopback; ``tickets`` are the files printed, oldest first."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, *, port: int, directory: Path) -> None:
        super().__init__(("127.0.0.1", port), Connection)
        self.directory = directory
        self.directory.mkdir(parents=True, exist_ok=True)
        self.faults: list[str] = []

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.server_address[1]}"

    @property
    def tickets(self) -> list[Path]:
        return sorted(self.directory.glob("ticket-*.png"))

    @property
    def has_paper(self) -> bool:
        return not (self.directory / "paper").exists()

    def set_paper(self, *, is_in: bool) -> None:
        mark = self.directory / "paper"
        if is_in:
            mark.unlink(missing_ok=True)
        else:
            mark.write_text("out", encoding="ascii")

    def keep(self, rows: list[bytes]) -> None:
        """Write what was printed since the last cut."""
        if not rows or not self.has_paper:
            return
        across = len(rows[0])
        picture = Image.frombytes("1", (across * 8, len(rows)), b"".join(rows))
        # A set bit is a dark dot; in a picture it is a bright one.
        inverted = picture.point(lambda dot: 0 if dot else 255)
        inverted.save(self.directory / f"ticket-{len(self.tickets) + 1:04d}.png")


class Connection(socketserver.StreamRequestHandler):
    """One program that prints."""

    server: TicketPrinter

    def handle(self) -> None:
        rows: list[bytes] = []
        while True:
            head = self.rfile.read(2)
            if len(head) < 2:
                return
            if head == INITIALISE:
                rows = []
            elif head == REAL_TIME:
                self.rfile.read(1)
                self.wfile.write(PAPER_IN_NOW if self.server.has_paper else PAPER_OUT_NOW)
            elif head == STATUS:
                self.rfile.read(1)
                self.wfile.write(PAPER_IN_AFTER if self.server.has_paper else PAPER_OUT_AFTER)
            elif head == CUT:
                if self.rfile.read(1) in b"\x41\x42":
                    self.rfile.read(1)
                self.server.keep(rows)
                rows = []
            elif head == RASTER[:2] and self.rfile.read(2) == b"0\x00":
                rows += self._raster()
            else:
                self.server.faults.append(head.hex())
                print(f"not understood: {head.hex()}", file=sys.stderr)
                return

    def _raster(self) -> list[bytes]:
        across = int.from_bytes(self.rfile.read(2), "little")
        high = int.from_bytes(self.rfile.read(2), "little")
        return [self.rfile.read(across) for _ in range(high)]


def main() -> None:
    parser = argparse.ArgumentParser(description="A ticket printer that prints into files.")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--directory", type=Path, default=Path("var/tickets"))
    parser.add_argument("--no-paper", action="store_true")
    chosen = parser.parse_args()
    with TicketPrinter(port=chosen.port, directory=chosen.directory) as printer:
        printer.set_paper(is_in=not chosen.no_paper)
        print(f"{printer.address} prints into {chosen.directory}", flush=True)
        printer.serve_forever()


if __name__ == "__main__":
    main()
