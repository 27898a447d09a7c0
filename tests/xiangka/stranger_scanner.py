"""A stranger's scanner: a GM65-like device on a pseudo-terminal, made from the pages on frame port and protocol alone.

It imports nothing of this project. Usage: ``stranger_scanner.py http://127.0.0.1:PORT/frame``. The first line on
standard output is the path of the port for the host. The device runs until SIGTERM or until its standard input closes.

It looks at the frame port only while a reading is on, and afresh for each, so it keeps no picture from before the
trigger. It delivers QR codes alone (no Micro QR), and none whose content holds a control character.
"""

from __future__ import annotations

import binascii
import http.client
import os
import queue
import select
import signal
import sys
import threading
import time
import tty
from urllib.parse import urlsplit

import cv2
import numpy as np
import zxingcpp

HEAD = b"\x7e\x00"
READ, WRITE, SAVE = 0x07, 0x08, 0x09
UNCHECKED = b"\xab\xcd"
FRAME_TIMEOUT_S = 0.4
MODE, TRIGGER, DURATION, SAME_CODE_DELAY, BAUD, HARDWARE, FIRMWARE = 0x00, 0x02, 0x06, 0x13, 0x2A, 0xE1, 0xE2
READ_ONLY = {HARDWARE, FIRMWARE}
FACTORY = {
    MODE: 0,
    TRIGGER: 0,
    DURATION: 50,
    SAME_CODE_DELAY: 0,
    BAUD: 0x39,
    BAUD + 1: 0x01,
    HARDWARE: 120,
    FIRMWARE: 207,
}


def crc(body: bytes) -> bytes:
    """CRC-16/XMODEM, high byte first."""
    return binascii.crc_hqx(body, 0).to_bytes(2, "big")


def reply(data: bytes) -> bytes:
    body = bytes([0x00, len(data)]) + data
    return b"\x02\x00" + body + crc(body)


def see(image: bytes) -> bytes | None:
    """What one picture holds: the content of the first QR code fit to be delivered."""
    picture = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        return None
    for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCodeModel2):
        content = bytes(code.bytes)
        if content and all(byte >= 0x20 and byte != 0x7F for byte in content):
            return content
    return None


class Reading:
    """One reading: looks from the trigger on, until it found a code, was stopped, or its time is up."""

    def __init__(self, url: str, seconds: float, found: queue.SimpleQueue, bell: int) -> None:
        parts = urlsplit(url)
        self.address, self.path = (parts.hostname, parts.port), parts.path
        self.ends = time.monotonic() + seconds
        self.found, self.bell = found, bell
        self.over = threading.Event()
        threading.Thread(target=self.look, daemon=True).start()

    def look(self) -> None:
        while not self.over.is_set():
            eye = http.client.HTTPConnection(*self.address, timeout=2)
            try:
                self.watch(eye)
            except (OSError, http.client.HTTPException, KeyError, ValueError):
                self.over.wait(0.05)  # no bench there, or not yet
            finally:
                eye.close()

    def watch(self, eye: http.client.HTTPConnection) -> None:
        seq = -1
        while not self.over.is_set():
            eye.request("GET", f"{self.path}?after={seq}&wait_ms=100")
            answer = eye.getresponse()
            image = answer.read()
            if answer.status != 200:
                continue
            seq = int(answer.getheader("X-Frame-Seq", "-1"))
            content = see(image)
            if content is not None:
                self.found.put((self, content))
                os.write(self.bell, b"!")
                return self.over.set()
        return None


class Device:
    """The registers, the parser of command frames, and the one reading that may be on."""

    def __init__(self, url: str, bell: int) -> None:
        self.url, self.bell = url, bell
        self.registers = dict(FACTORY)
        self.saved = dict(FACTORY)
        self.inbox = bytearray()
        self.begun: float | None = None  # when the frame now in the inbox began
        self.outbox: list[bytes] = []
        self.found: queue.SimpleQueue = queue.SimpleQueue()
        self.reading: Reading | None = None

    def feed(self, data: bytes) -> None:
        self.forget_stale()
        self.inbox += data
        while self.take():
            pass

    def take(self) -> bool:
        """Take one step in the inbox; false when more bytes are needed first."""
        start = self.inbox.find(HEAD)
        if start < 0:
            self.inbox = self.inbox[-1:] if self.inbox.endswith(HEAD[:1]) else bytearray()
            self.begun = None
            return False
        del self.inbox[:start]
        if self.begun is None:
            self.begun = time.monotonic()
        if len(self.inbox) < 4:
            return False
        if self.inbox[2] not in (READ, WRITE, SAVE):
            del self.inbox[: len(HEAD)]  # not a command: look for the next one behind it
            self.begun = None
            return True
        end = 6 + self.inbox[3] + 2
        if len(self.inbox) < end:
            return False
        frame, self.begun = bytes(self.inbox[:end]), None
        del self.inbox[:end]
        body, check = frame[2:-2], frame[-2:]
        if check in (UNCHECKED, crc(body)):
            self.obey(body[0], int.from_bytes(body[2:4], "big"), body[4:])
        return True

    def obey(self, kind: int, address: int, data: bytes) -> None:
        if kind == READ and len(data) == 1:
            asked = range(address, address + data[0])
            if asked and all(register in self.registers for register in asked):
                self.outbox.append(reply(bytes(self.registers[register] for register in asked)))
        elif kind == WRITE and data:
            asked = range(address, address + len(data))
            if all(register in self.registers and register not in READ_ONLY for register in asked):
                self.registers.update(zip(asked, data, strict=True))
                self.outbox.append(reply(b"\x00"))
                if TRIGGER in asked:
                    self.start() if self.registers[TRIGGER] & 1 else self.stop()
        elif kind == SAVE:
            self.saved = dict(self.registers)
            self.outbox.append(reply(b"\x00"))

    def start(self) -> None:
        self.stop()
        self.registers[TRIGGER] = 1
        seconds = self.registers[DURATION] / 10 or float("inf")
        self.reading = Reading(self.url, seconds, self.found, self.bell)

    def stop(self) -> None:
        self.registers[TRIGGER] = 0
        if self.reading is not None:
            self.reading.over.set()
            self.reading = None

    def forget_stale(self) -> None:
        if self.begun is not None and time.monotonic() - self.begun > FRAME_TIMEOUT_S:
            self.inbox.clear()
            self.begun = None

    def tick(self) -> None:
        """What time and the eye bring: a stale half frame is forgotten, a found code goes out, a reading ends."""
        self.forget_stale()
        while not self.found.empty():
            reading, content = self.found.get()
            if reading is self.reading:
                self.outbox.append(content + b"\r")
                self.stop()
        if self.reading is not None and time.monotonic() > self.reading.ends:
            self.stop()


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: stranger_scanner.py http://127.0.0.1:PORT/frame")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    host_side, port = os.openpty()
    tty.setraw(port)
    os.set_blocking(host_side, False)
    ear, bell = os.pipe()
    device = Device(sys.argv[1], bell)
    sys.stdout.write(os.ttyname(port) + "\n")
    sys.stdout.flush()
    stdin = sys.stdin.fileno()
    while True:
        ready, writable, _ = select.select([host_side, ear, stdin], [host_side] if device.outbox else [], [], 0.05)
        if stdin in ready and not os.read(stdin, 4096):
            return
        if ear in ready:
            os.read(ear, 64)
        if host_side in ready:
            device.feed(os.read(host_side, 4096))
        device.tick()
        if writable:
            chunk = device.outbox.pop(0)
            rest = chunk[os.write(host_side, chunk) :]
            if rest:
                device.outbox.insert(0, rest)


if __name__ == "__main__":
    main()
