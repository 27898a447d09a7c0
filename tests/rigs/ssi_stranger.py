"""A stranger's decoder: a device with Zebra's Simple Serial Interface on a pseudo-terminal, made from the guide alone.

It imports nothing of this project. The first line on standard output is the path of its port. Lines on standard input
say what it sees and how it misbehaves; it runs until standard input closes:

    see HEX [TYPE]   have this content to deliver at the next session
    mute N           do not hear the next N packets
    ignore HEX       never answer this opcode
    garble N         spoil the checksum of the next N packets it sends
    late SECONDS     wait so long before each answer
    deaf             take no acknowledgement for one
    segments         deliver in numbered segments
    bare             refuse to use packets
    proud            be without handshake until told otherwise
    tell             print every packet received since, one a line, then "."
    raw HEX          send these bytes as they are
"""

from __future__ import annotations

import os
import select
import sys
import time
import tty

FACTORY = {
    0x88: 99, 0x89: 10, 0x8A: 0, 0x8C: 1, 0x91: 1, 0x9B: 20, 0x9C: 10, 0x9F: 1, 0xEB: 0, 0xEE: 0, 0xEF: 20,
    0x100: 0, 0x14E: 0,
}  # fmt: skip
SIMPLE = {0xE5, 0xE9, 0xEA, 0xD2, 0xE7, 0xE8}


def pack(opcode: int, data: bytes = b"", status: int = 0, source: int = 0) -> bytes:
    body = bytes([4 + len(data), opcode, source, status]) + data
    total = (0x10000 - sum(body)) % 0x10000
    return body + bytes([total // 256, total % 256])


def good(frame: bytes) -> bool:
    return (sum(frame[:-2]) + frame[-2] * 256 + frame[-1]) % 0x10000 == 0


class Decoder:
    def __init__(self, line: int) -> None:
        self.line = line
        self.parameters = dict(FACTORY)
        self.inbox = b""
        self.heard_at = 0.0
        self.heard: list[bytes] = []
        self.seen: list[tuple[bytes, int]] = []
        self.mute = self.garble = self.ignored = 0
        self.late = 0.0
        self.deaf = self.segments = self.bare = False
        self.unanswered: list[bytes] = []  # packets of a content still to be acknowledged, the first of them sent
        self.tries = 0
        self.sent_at = 0.0

    def send(self, frame: bytes) -> None:
        if self.garble:
            self.garble -= 1
            frame = frame[:-1] + bytes([frame[-1] ^ 0xFF])
        os.write(self.line, frame)

    def say(self, opcode: int, data: bytes = b"") -> None:
        if opcode in (0xD0, 0xD1) and not self.parameters[0x9F]:
            return
        time.sleep(self.late)
        self.send(pack(opcode, data))

    def feed(self, data: bytes) -> None:
        now = time.monotonic()
        if now - self.heard_at > 0.2:
            self.inbox = b""
        self.heard_at = now
        self.inbox += data
        while self.inbox:
            if self.inbox[0] < 4 or (len(self.inbox) > 2 and self.inbox[2] != 4):
                self.inbox = self.inbox[1:]
                continue
            end = self.inbox[0] + 2
            if len(self.inbox) < end:
                return
            frame, self.inbox = self.inbox[:end], self.inbox[end:]
            self.packet(frame)

    def packet(self, frame: bytes) -> None:
        self.heard.append(frame)
        if self.mute or frame[1] == self.ignored:
            self.mute = max(0, self.mute - 1)
        elif not good(frame):
            self.say(0xD1, b"\x01")
        else:
            self.obey(frame[1], frame[4:-2])

    def obey(self, opcode: int, data: bytes) -> None:
        if opcode in (0xD0, 0x74):
            if self.unanswered and not self.deaf:
                self.next_packet()
        elif opcode == 0xD1:
            if self.unanswered and data == b"\x01":
                self.again()
        elif opcode == 0xA3:
            self.say(0xA4, b"STRANGE-07 N 46 1F2E")
        elif opcode == 0xD3:
            self.say(0xD4, b"\x07\x60\x24\x07" + bytes(sorted(SIMPLE)))
        elif opcode == 0xC7:
            self.say(0xC6, b"\xff" + b"".join(self.told(data)))
        elif opcode == 0xC6:
            self.change(data)
        elif opcode == 0xE6:
            self.say(*((0xD0, b"") if len(data) == 1 and data[0] <= 0x1A else (0xD1, b"\x06")))
        elif opcode == 0xE4:
            self.say(0xD0)
            self.deliver()
        elif opcode in SIMPLE:
            self.say(0xD0)
        else:
            self.say(0xD1, b"\x02")

    def told(self, data: bytes) -> list[bytes]:
        found, places = [], iter(data)
        for first in places:
            number = 256 * (first - 0xEF) + next(places) if first in (0xF0, 0xF1, 0xF2) else first
            if number in self.parameters:
                name = bytes([first]) if number == first else bytes([first, number % 256])
                found.append(name + bytes([self.parameters[number]]))
        return found

    def change(self, data: bytes) -> None:
        wanted, places = {}, iter(data[1:])
        for first in places:
            number = 256 * (first - 0xEF) + next(places) if first in (0xF0, 0xF1, 0xF2) else first
            wanted[number] = next(places)
        if self.bare and wanted.get(0xEE):
            return self.say(0xD1, b"\x06")
        self.say(0xD0)
        self.parameters.update((number, value) for number, value in wanted.items() if number in self.parameters)

    def deliver(self) -> None:
        if not self.seen:
            return
        content, kind = self.seen.pop(0)
        if self.parameters[0xEB]:
            content += b"\r"
        if not self.parameters[0xEE]:
            os.write(self.line, content)
            return
        if self.segments:
            stream = bytes([0xF3, 0, 0, 0, 0, kind, 0]) + len(content).to_bytes(2, "big") + content
            pieces = [stream[at : at + 250] for at in range(0, len(stream), 250)]
            self.unanswered = [pack(0x73, bytes([n]) + piece, 0, 0 if n else 2) for n, piece in enumerate(pieces)]
        else:
            pieces = [content[at : at + 250] for at in range(0, len(content), 250)]
            last = len(pieces) - 1
            self.unanswered = [
                pack(0xF3, bytes([kind]) + piece, 0 if n == last else 2) for n, piece in enumerate(pieces)
            ]
        self.tries, self.sent_at = 1, time.monotonic()
        self.send(self.unanswered[0])

    def next_packet(self) -> None:
        self.unanswered.pop(0)
        if self.unanswered:
            self.tries, self.sent_at = 1, time.monotonic()
            self.send(self.unanswered[0])

    def again(self) -> None:
        if self.tries == 3:
            self.unanswered = []
            return
        self.tries, self.sent_at = self.tries + 1, time.monotonic()
        frame = self.unanswered[0]
        self.send(pack(frame[1], frame[4:-2], frame[3] | 1, frame[2]))

    def tick(self) -> None:
        if self.unanswered and time.monotonic() - self.sent_at > self.parameters[0x9B] / 10:
            self.again()

    def order(self, words: list[str]) -> None:
        match words:
            case ["see", content, *kind]:
                self.seen.append((bytes.fromhex(content), int(kind[0], 16) if kind else 0x1C))
            case ["mute", number]:
                self.mute = int(number)
            case ["ignore", opcode]:
                self.ignored = int(opcode, 16)
            case ["garble", number]:
                self.garble = int(number)
            case ["late", seconds]:
                self.late = float(seconds)
            case ["deaf"]:
                self.deaf = True
            case ["segments"]:
                self.segments = True
            case ["bare"]:
                self.bare = True
            case ["proud"]:
                self.parameters[0x9F] = 0
            case ["raw", data]:
                os.write(self.line, bytes.fromhex(data))
            case ["tell"]:
                sys.stdout.write("".join(frame.hex() + "\n" for frame in self.heard) + ".\n")
                self.heard = []
        sys.stdout.write("ok\n")
        sys.stdout.flush()


def main() -> None:
    line, port = os.openpty()
    tty.setraw(port)
    decoder = Decoder(line)
    sys.stdout.write(os.ttyname(port) + "\n")
    sys.stdout.flush()
    orders = sys.stdin.fileno()
    rest = b""
    while True:
        ready, _, _ = select.select([line, orders], [], [], 0.02)
        if line in ready:
            decoder.feed(os.read(line, 4096))
        if orders in ready:
            data = os.read(orders, 4096)
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            for order in lines:
                decoder.order(order.decode().split())
        decoder.tick()


if __name__ == "__main__":
    main()
