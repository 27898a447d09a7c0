"""The Simple Serial Interface's side of the line: parameters, acknowledgements, deliveries in packets or bare."""

from __future__ import annotations

import threading
import time
from enum import Enum, auto

from rigs.emulators.hardware import Hardware
from rigs.emulators.port import Port
from rigs.emulators.settings_memory import SettingsMemory
from rigs.protocols import ssi, ssi_messages
from rigs.protocols.ssi import Nak, Opcode, Packet, Parameter

_FIRMWARE = 0x7B
"""Hundredths: V1.23."""
_BOARD, _ENGINE = "F", "EMU-SSI"
_SETTING_CODES_ALLOWED = 0xEC
"""1 lets printed parameter codes change parameters. The factory value is the locked state in which a terminal is
handed over, not that of an engine bought alone."""
_FACTORY: dict[int, tuple[int, range]] = {
    Parameter.READ_TIMEOUT: (99, range(1, 100)),
    Parameter.SAME_CODE_DELAY: (10, range(100)),
    Parameter.TRIGGER_MODE: (ssi.MODE_HOST, range(ssi.MODE_PRESENTATION, ssi.MODE_HOST + 1)),
    Parameter.BEEPER_VOLUME: (0, range(3)),
    Parameter.BEEPER_TONE: (1, range(4)),
    Parameter.RESPONSE_TIMEOUT: (20, range(1, 100)),
    Parameter.BAUD: (0, range(min(ssi.BAUD_RATES), max(ssi.BAUD_RATES) + 1)),
    Parameter.HANDSHAKE: (1, range(2)),
    Parameter.TRANSMISSION_FORMAT: (0, range(2)),
    _SETTING_CODES_ALLOWED: (0, range(2)),
    Parameter.PACKETS: (0, range(2)),
    Parameter.CHARACTER_TIMEOUT: (20, range(1, 100)),
    Parameter.DECODE_EVENT: (0, range(2)),
    Parameter.MULTIPACKET: (0, range(3)),
}
"""Factory value and range of each parameter; the factory line rate is the one the port was made with."""
_SUFFIX = b"\r"
_CAPABILITIES = ssi_messages.Capabilities(
    rates=0b0111_0110_0000,
    serial=0b0010_0100,
    multipacket=0b111,
    opcodes=frozenset(
        (
            *(Opcode.REQUEST_REVISION, Opcode.PARAM_SEND, Opcode.PARAM_REQUEST, Opcode.PARAM_DEFAULTS),
            *(Opcode.CMD_ACK, Opcode.CMD_NAK, Opcode.FLUSH_QUEUE, Opcode.CAPABILITIES_REQUEST, Opcode.START_SESSION),
            *(Opcode.STOP_SESSION, Opcode.BEEP, Opcode.LED_ON, Opcode.LED_OFF, Opcode.SCAN_ENABLE),
            Opcode.SCAN_DISABLE,
        )
    ),
)


class _Stage(Enum):
    """Where a packet to the host is."""

    QUEUED = auto()
    LEFT = auto()
    """All but its last byte has left, and nothing was said of it yet."""
    ACCEPTED = auto()
    WANTED_AGAIN = auto()
    GIVEN_UP = auto()


class Transmission:
    """Packets on their way to the host: each is sent until it is acknowledged, three times at most.

    Args:
        port: the device's end of the line.
    """

    def __init__(self, port: Port) -> None:
        self.failures = 0
        """How many were given up unanswered; the device beeps for each (four low tones)."""
        self._port = port
        self._changed = threading.Condition()
        self._stage = _Stage.GIVEN_UP
        self._open = True

    def deliver(self, packet: Packet, response_s: float) -> bool:
        """Send a packet and wait for its acknowledgement; whether it came. Used by one thread at a time."""
        for tries in range(1 + ssi.RESENDS):
            stage = self._once((packet.again() if tries else packet).encode(), response_s)
            if stage in (_Stage.ACCEPTED, _Stage.GIVEN_UP):
                return stage is _Stage.ACCEPTED
        self.failures += 1
        return False

    def acknowledge(self) -> None:
        """The host has it; nothing happens when nothing has been sent, because hosts acknowledge twice."""
        self._go(_Stage.LEFT, _Stage.ACCEPTED)

    def refuse(self, why: int | None) -> bool:
        """The host wants it again, or not at all; whether there was something to refuse."""
        return self._go(_Stage.LEFT, _Stage.WANTED_AGAIN if why == Nak.RESEND else _Stage.GIVEN_UP)

    def power(self, on: bool) -> None:
        """Forget what was being sent when the supply is cut."""
        with self._changed:
            self._open = on
            self._stage = _Stage.GIVEN_UP
            self._changed.notify()

    def _once(self, frame: bytes, response_s: float) -> _Stage:
        """Send a packet; where it is when it has been answered or ``response_s`` is over."""
        with self._changed:
            if not self._open:
                return _Stage.GIVEN_UP
            self._stage = _Stage.QUEUED
            self._port.send(frame[:-1])
            self._port.when_sent(self._leaves)  # before the last byte: a host may answer it at once
            self._port.send(frame[-1:])
            self._changed.wait_for(lambda: self._stage is not _Stage.QUEUED)
            self._changed.wait_for(lambda: self._stage is not _Stage.LEFT, response_s)
            stage, self._stage = self._stage, _Stage.GIVEN_UP
            return stage

    def _leaves(self) -> None:
        self._go(_Stage.QUEUED, _Stage.LEFT)

    def _go(self, before: _Stage, after: _Stage) -> bool:
        with self._changed:
            if self._stage is not before:
                return False
            self._stage = after
            self._changed.notify()
            return True


class SsiEmulator:
    """An emulated Zebra engine on a port.

    Args:
        hardware: what it is made of.
    """

    def __init__(self, hardware: Hardware) -> None:
        port, behaviour = hardware.port, hardware.behaviour
        self.transmission = Transmission(port)
        self._port = port
        self._behaviour = behaviour
        self._reader = ssi.PacketReader(ssi.HOST)
        self._defaults = {int(number): value for number, (value, _) in _FACTORY.items()}
        self._defaults[Parameter.BAUD] = next(value for value, rate in ssi.BAUD_RATES.items() if rate == port.baud)
        self._memory = SettingsMemory(self._defaults, behaviour)
        self._working = self._memory.read()
        self._baud = port.baud
        self._enabled = True
        self._said: Packet | None = None
        self._resends = 0
        self._hardware = hardware
        self._firmware = hardware.firmware(_FIRMWARE)
        self._powered = True
        self._device = hardware.device(self._deliver, self._configure)
        self._apply()

    def receive(self, data: bytes) -> None:
        """Take bytes from the host."""
        if not self._device.alive:
            return
        if not self._behaviour.takes_split_commands:
            self._reader = ssi.PacketReader(ssi.HOST)
        for found in self._reader.feed(data, time.monotonic()):
            if isinstance(found, Packet):
                self._obey(found)
            else:
                self._answer(ssi.nak(Nak.RESEND, ssi.DECODER))

    def power(self, on: bool) -> None:
        """Cut or restore the supply; parameters changed for the time being are lost."""
        if on == self._powered:
            return
        self._powered = on
        self._device.power(on)
        self.transmission.power(on)
        self._memory.power(on)
        if on:
            self._firmware = self._hardware.firmware(self._firmware) + self._behaviour.firmware_drift(
                self._device.outage_s
            )
            self._working = self._memory.read()
            self._enabled = True
            self._reader = ssi.PacketReader(ssi.HOST)
            self._apply()

    def close(self) -> None:
        """Stop the device."""
        self.transmission.power(False)
        self._device.close()

    def _obey(self, packet: Packet) -> None:
        match packet.opcode:
            case Opcode.CMD_ACK | Opcode.SEGMENT_ACK:
                self.transmission.acknowledge()
            case Opcode.CMD_NAK:
                if not self.transmission.refuse(ssi.reason(packet)) and ssi.reason(packet) == Nak.RESEND:
                    self._say_again()
            case Opcode.REQUEST_REVISION:
                self._say(self._revision())
            case Opcode.CAPABILITIES_REQUEST:
                self._say(ssi_messages.capabilities_reply(_CAPABILITIES))
            case Opcode.PARAM_REQUEST:
                self._tell(packet)
            case Opcode.PARAM_SEND:
                self._change(packet)
            case Opcode.BEEP:
                self._comply(len(packet.data) == 1 and packet.data[0] in ssi.BEEPS)
            case _:
                self._comply_simply(packet.opcode)

    def _comply_simply(self, opcode: int) -> None:
        """Carry out a command without data."""
        match opcode:
            case Opcode.START_SESSION:
                ready = self._enabled and not self._device.presentation
                self._comply(ready)
                if ready:
                    self._device.trigger()
                return
            case Opcode.STOP_SESSION:
                self._device.stop()
            case Opcode.SCAN_ENABLE | Opcode.SCAN_DISABLE:
                self._enabled = opcode == Opcode.SCAN_ENABLE
                if not self._enabled:
                    self._device.stop()
            case Opcode.PARAM_DEFAULTS:
                self._working = dict(self._defaults)
                if not self._memory.write(self._defaults):
                    return
            case Opcode.FLUSH_QUEUE:
                self.transmission.acknowledge()
            case Opcode.LED_ON | Opcode.LED_OFF:
                pass
            case _:
                self._answer(ssi.nak(Nak.BAD_CONTEXT, ssi.DECODER))
                return
        self._comply(True)
        self._apply()

    def _comply(self, willing: bool) -> None:
        self._answer(ssi.DECODER_ACK if willing else ssi.nak(Nak.DENIED, ssi.DECODER))

    def _answer(self, packet: Packet) -> None:
        if self._working[Parameter.HANDSHAKE]:
            self._say(packet)

    def _say(self, packet: Packet) -> None:
        self._said, self._resends = packet, 0
        self._port.send(packet.encode())

    def _say_again(self) -> None:
        """Repeat the last answer, which the host got damaged; no more often than any other packet."""
        if self._said is not None and self._resends < ssi.RESENDS:
            self._resends += 1
            self._port.send(self._said.again().encode())

    def _revision(self) -> Packet:
        software = f"V{self._firmware / 100:.2f}" if self._behaviour.reports_firmware else ""
        return ssi_messages.revision_reply(ssi_messages.Revision(software, _BOARD, _ENGINE))

    def _tell(self, packet: Packet) -> None:
        try:
            numbers = ssi_messages.requested_parameters(packet.data)
        except ssi.SsiError:
            self._comply(False)
            return
        if numbers == [ssi.ALL_PARAMETERS]:
            numbers = list(self._working)
        values = {number: self._working[number] for number in numbers if number in self._working}
        self._say(ssi_messages.param_send(values, source=ssi.DECODER))

    def _change(self, packet: Packet) -> None:
        """Change all parameters of a packet, or none when one is out of range; those it does not have are ignored."""
        try:
            beep, values = ssi_messages.sent_parameters(packet.data)
        except ssi.SsiError:
            self._comply(False)
            return
        known = {number: value for number, value in values.items() if number in _FACTORY}
        sound = beep == ssi.NO_BEEP or beep in ssi.BEEPS
        willing = sound and all(value in _FACTORY[number][1] for number, value in known.items())
        if willing and packet.permanent and not self._memory.write({**self._memory.read(), **known}):
            return
        self._comply(willing)
        if willing:
            self._working.update(known)
            self._apply()

    def _apply(self) -> None:
        presenting = self._working[Parameter.TRIGGER_MODE] == ssi.MODE_PRESENTATION
        self._device.presentation = presenting and self._enabled
        self._device.read_timeout_s = self._working[Parameter.READ_TIMEOUT] / 10
        self._device.same_code_delay_s = self._working[Parameter.SAME_CODE_DELAY] / 10
        self._reader.character_s = self._working[Parameter.CHARACTER_TIMEOUT] / 100
        baud = ssi.BAUD_RATES[self._working[Parameter.BAUD]]
        if baud != self._baud:
            self._baud = baud
            self._port.change_baud(baud)

    def _deliver(self, text: bytes) -> None:
        suffix = _SUFFIX if self._working[Parameter.TRANSMISSION_FORMAT] else b""
        if self._working[Parameter.PACKETS]:
            self._deliver_packets(ssi_messages.decode_packets(ssi.CodeType.QR, text + suffix))
        else:
            self._port.send(text + suffix)
        if self._working[Parameter.DECODE_EVENT]:
            event = Packet(Opcode.EVENT, bytes((ssi.Event.DECODE,)), ssi.DECODER)
            self._deliver_packets([event])

    def _deliver_packets(self, packets: list[Packet]) -> None:
        """Send packets until one is given up; which are waited for says the multipacket parameter."""
        response_s = self._working[Parameter.RESPONSE_TIMEOUT] / 10
        paced = self._working[Parameter.MULTIPACKET] == 0
        for packet in packets:
            if not self._working[Parameter.HANDSHAKE] or (packet.continued and not paced):
                self._port.send(packet.encode())
            elif not self.transmission.deliver(packet, response_s):
                return

    def _configure(self, content: bytes) -> bool:
        if content not in ssi.SETTING_CODES:
            return False
        if self._behaviour.lets_codes_configure or self._working[_SETTING_CODES_ALLOWED]:
            number, value = ssi.SETTING_CODES[content]
            self._working[number] = value
            self._apply()
        return True
