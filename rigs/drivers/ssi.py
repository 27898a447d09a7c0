"""Driver for Zebra engines with the Simple Serial Interface. Tried on: the project's emulator; no hardware yet."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from rigs.drivers.exchanges import Script
from rigs.drivers.keepsake import Keepsake
from rigs.drivers.serial_scanner import SerialScanner
from rigs.errors import RigError
from rigs.protocols import ssi, ssi_messages
from rigs.protocols.ssi import CodeType, Opcode, Packet, Parameter
from rigs.roles import Delivery, DeviceIdentity, Exchange
from rigs.serial_line import SerialLine

RESPONSE_S = 0.7
"""How long an answer is waited for before the command is sent again, s; three tries are longer than the time-out of 2 s
that the guide grants a decoder."""
_LONGEST_READING = 99
"""Largest decode session time-out, 0.1 s."""
_LISTED = (
    *(Parameter.TRIGGER_MODE, Parameter.READ_TIMEOUT, Parameter.SAME_CODE_DELAY, Parameter.PACKETS),
    *(Parameter.TRANSMISSION_FORMAT, Parameter.HANDSHAKE, Parameter.RESPONSE_TIMEOUT, Parameter.CHARACTER_TIMEOUT),
    *(Parameter.BEEPER_VOLUME, Parameter.BEEPER_TONE, Parameter.BAUD, Parameter.DECODE_EVENT, Parameter.MULTIPACKET),
)
_MODE, _LIST = ssi_messages.param_request([Parameter.TRIGGER_MODE]), ssi_messages.param_request(_LISTED)
_ACK, _UNKNOWN = ssi.DECODER_ACK.encode(), ssi.nak(ssi.Nak.BAD_CONTEXT, ssi.DECODER).encode()
_ANSWERS = {
    Opcode.REQUEST_REVISION: Opcode.REVISION_REPLY,
    Opcode.PARAM_REQUEST: Opcode.PARAM_SEND,
    Opcode.CAPABILITIES_REQUEST: Opcode.CAPABILITIES_REPLY,
}
"""What answers a command that is not merely acknowledged."""
_AIM = {
    CodeType.CODE_39: b"]A0",
    CodeType.CODE_128: b"]C0",
    CodeType.EAN_13: b"]E0",
    CodeType.PDF417: b"]L0",
    CodeType.DATA_MATRIX: b"]d1",
}
_OTHER_SYMBOL = b"]X0"


def _name(number: int) -> str:
    """A parameter as the guide writes it, for instance ``8A`` or ``F000``."""
    return ssi_messages.write_number(number).hex().upper()


def _stored(value: str) -> tuple[bytes, ...]:
    return (ssi_messages.param_send({Parameter.SAME_CODE_DELAY: int(value, 16)}, permanent=True).encode(),)


class SsiScanner(SerialScanner):
    """A Zebra engine on a serial line, in host trigger mode or presentation mode.

    It is asked for packets, so that what it reads is acknowledged; an engine that refuses them is read as bare text
    ended by CR. Every parameter is changed for the time being only and set back when the driver closes. The symbology
    that a packet names stands in front of a delivery as its AIM identifier, unless it is QR.
    """

    configuration_codes = tuple(ssi.SETTING_CODES)
    keepsake = Keepsake(
        name=_name(Parameter.SAME_CODE_DELAY),
        values=("0B", "0C", "0D"),
        frames=_stored,
        back=lambda settings: _stored(settings[_name(Parameter.SAME_CODE_DELAY)]),
    )

    def __init__(
        self, line: SerialLine, *, read_timeout_s: float, mode: str, time_scale: float = 1.0, settle_s: float = 0.1
    ) -> None:
        self._found: dict[int, int] = {}
        self._reader = ssi_messages.DecodedReader()
        self._accepted: Packet | None = None
        self._content_since_ns = 0
        self._heard_ns = 0
        self._paused_at = 0
        super().__init__(line, read_timeout_s=read_timeout_s, mode=mode, time_scale=time_scale, settle_s=settle_s)

    def identify(self) -> DeviceIdentity:
        """The software release; vendor, model, serial and hardware are on the label only."""
        frame = self.ask(ssi.REVISION.encode())
        said = ssi_messages.revision(ssi.decode(frame)) if frame else None
        return DeviceIdentity(firmware=said.software or None if said else None)

    def settings(self) -> Mapping[str, str]:
        """The parameters the harness knows, without those the engine does not have.

        Raises:
            RigError: the device does not answer at all.
        """
        values = self._parameters(_LISTED)
        if values is None:
            raise self.silent()
        return {_name(number): f"{value:02X}" for number, value in values.items()}

    def answers(self) -> bool:
        """Whether the trigger mode can be asked for, or the question is refused."""
        return self._once(_MODE, RESPONSE_S) is not None

    def exchanges(self) -> list[Callable[[], Exchange]]:
        """Forty exchanges on framing, checksum, refusals, split and glued writes, line rates, break and garbage."""
        return _script(self).exchanges()

    def ask(self, frame: bytes, timeout_s: float = RESPONSE_S) -> bytes | None:
        """Send a packet, again up to two times when it is damaged or unanswered, and return the answer.

        Args:
            frame: one packet of the host.
            timeout_s: how long each try waits.

        Returns:
            The answer, which may be a refusal, or None when the device stays silent.
        """
        packet = ssi.decode(frame)
        for _ in range(1 + ssi.RESENDS):
            answer = self._once(packet, timeout_s)
            if answer is not None and ssi.reason(ssi.decode(answer)) != ssi.Nak.RESEND:
                return answer
            packet = packet.again()
        return None

    def close(self) -> None:
        """Set back what was changed, as far as the device still answers, and release the port."""
        with contextlib.suppress(RigError):
            if self._found:
                self._told(self._found)
        super().close()

    def _set_up(self) -> None:
        self._reader.forget()
        self._discard()
        values = self._parameters(_LISTED)
        if values is None:
            raise self.silent()
        if values.get(Parameter.HANDSHAKE) == 0:
            self._found.setdefault(Parameter.HANDSHAKE, 0)
            self.line.write(ssi_messages.param_send({Parameter.HANDSHAKE: 1}).encode())
        timeout = min(_LONGEST_READING, max(1, round(self.read_timeout_s * 10)))
        mode = ssi.MODE_HOST if self.mode == "command" else ssi.MODE_PRESENTATION
        self._insist({Parameter.TRIGGER_MODE: mode, Parameter.READ_TIMEOUT: timeout}, values)
        if not self._change({Parameter.PACKETS: 1}, values):
            self._insist({Parameter.TRANSMISSION_FORMAT: 1}, values)
        self.ask(ssi.ENABLE.encode())

    def _insist(self, wanted: Mapping[int, int], values: Mapping[int, int]) -> None:
        if not self._change(wanted, values):
            raise self.refused(" ".join(f"{_name(number)}={value:02X}" for number, value in wanted.items()))

    def _change(self, wanted: Mapping[int, int], values: Mapping[int, int]) -> bool:
        """Set what differs from the values in force, and remember these; whether the device agreed."""
        changes = {number: value for number, value in wanted.items() if values.get(number) != value}
        if changes and not self._told(changes):
            return False
        for number in changes:
            if number in values:
                self._found.setdefault(number, values[number])
        return True

    def _told(self, values: Mapping[int, int]) -> bool:
        return self._acknowledged(ssi_messages.param_send(values))

    def _acknowledged(self, packet: Packet, timeout_s: float = RESPONSE_S) -> bool:
        answer = self.ask(packet.encode(), timeout_s)
        return answer is not None and ssi.decode(answer).opcode == Opcode.CMD_ACK

    def _parameters(self, numbers: tuple[int, ...]) -> dict[int, int] | None:
        frame = self.ask(ssi_messages.param_request(numbers).encode())
        if frame is None:
            return None
        try:
            return ssi_messages.sent_parameters(ssi.decode(frame).data)[1]
        except ssi.SsiError:
            return {}

    def _trigger(self) -> bool:
        self._accepted = None
        return self._acknowledged(ssi.START)

    def _stop(self) -> None:
        self._once(ssi.STOP, 0.1)

    def _reply_length(self, buffer: bytes) -> int | None:
        return ssi.packet_length(buffer, ssi.DECODER)

    def _once(self, packet: Packet, timeout_s: float) -> bytes | None:
        """Send a packet once; its answer or a refusal, whatever else arrives in between."""
        wanted = (_ANSWERS.get(Opcode(packet.opcode), Opcode.CMD_ACK), Opcode.CMD_NAK)
        self._replies.clear()
        self.line.write(packet.encode())
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            self._pump(left)
            while self._replies:
                answer, _ = self._replies.popleft()
                if answer[1] in wanted:
                    return answer
        return None

    def _pump(self, timeout_s: float) -> bool:
        chunk = self._next_chunk(timeout_s)
        if chunk is None:
            return False
        if chunk.t_ns - self._heard_ns > ssi.CHARACTER_S * 1e9:
            self._paused_at = len(self._buffer)
        self._heard_ns = chunk.t_ns
        if not self._buffer:
            self._since_ns = chunk.t_ns
        self._buffer += chunk.data
        while self._buffer and self._take(chunk.t_ns):
            self._since_ns = chunk.t_ns
        return True

    def _noise(self, length: int | None) -> int:
        """How many bytes at the buffer's start belong to nothing, ``length`` being what ``_reply_length`` says of it.

        Half a packet before a pause may still be completed, because it can be the host that paused; it is given up for
        a whole packet that comes instead. So is what looks like bare text and has no end.
        """
        paused_at, self._paused_at = self._paused_at, 0
        if length:
            return paused_at if paused_at < length and not ssi.is_sound(self._buffer[:length]) else 0
        self._paused_at = paused_at
        if length == 0 and not paused_at:
            return 0
        begins = ssi.next_packet(self._buffer, ssi.DECODER)
        ends = self._buffer.find(self.terminator) if length is None else -1
        return 0 if begins == len(self._buffer) or 0 <= ends < begins else begins

    def _take(self, t_ns: int) -> bool:
        length = self._reply_length(self._buffer)
        if noise := self._noise(length):
            self.line.record(self._buffer[:noise], self._since_ns)
            self._buffer, self._paused_at = self._buffer[noise:], 0
            return True
        if not length:
            return super()._take(t_ns)
        frame, self._buffer = self._buffer[:length], self._buffer[length:]
        record = self.line.record(frame, t_ns)
        try:
            packet = ssi.decode(frame)
        except ssi.SsiError:
            self.line.write(ssi.nak(ssi.Nak.RESEND).encode())
            return True
        match packet.opcode:
            case Opcode.DECODE_DATA | Opcode.SEGMENT_DATA:
                self._accept(packet, t_ns, record)
            case Opcode.EVENT:
                self.line.write(ssi.ACK.encode())
            case _:
                self._replies.append((frame, record))
        return True

    def _accept(self, packet: Packet, t_ns: int, record: int) -> None:
        """Acknowledge a packet of a content and, unless it only comes again, take it."""
        acknowledgement = ssi.SEGMENT_ACK if packet.opcode == Opcode.SEGMENT_DATA else ssi.ACK
        self.line.write(acknowledgement.encode())
        if packet.retransmitted and self._accepted == packet:
            return
        self._accepted = packet.again()
        self._content_since_ns = self._content_since_ns or self._since_ns
        with contextlib.suppress(ssi.SsiError):
            decoded = self._reader.take(packet)
            if decoded is None:
                return
            data = _with_symbology(decoded).removesuffix(self.terminator)
            self._deliveries.append(Delivery(data, self._content_since_ns, t_ns, (record, record)))
        self._content_since_ns = 0


def _with_symbology(decoded: ssi_messages.Decoded) -> bytes:
    if decoded.code_type == CodeType.QR or decoded.content.startswith(b"]"):
        return decoded.content
    known = decoded.code_type in tuple(CodeType)
    return (_AIM[CodeType(decoded.code_type)] if known else _OTHER_SYMBOL) + decoded.content


def _script(scanner: SsiScanner) -> Script:
    """Forty exchanges after the guide; the device's settings are as before when the last one is done."""
    script = Script(scanner)
    settings = scanner.settings()
    mode_reply, listed_reply, revision_reply, capabilities_reply = (
        scanner.ask(packet.encode()) or _UNKNOWN for packet in (_MODE, _LIST, ssi.REVISION, ssi.CAPABILITIES)
    )
    for size in (1, 2, 3, 4, 5, 6, 8, 16, 32, 64):
        script.add(f"parameters asked for in writes of {size} bytes", _LIST.encode(), listed_reply, split=size)
    script.add("revision", ssi.REVISION.encode(), revision_reply)
    script.add("revision, asked again", ssi.REVISION.again().encode(), revision_reply)
    script.add("status bits nobody knows", replace(ssi.REVISION, status=0xF0).encode(), revision_reply)
    script.add("capabilities", ssi.CAPABILITIES.encode(), capabilities_reply)
    nothing = ssi_messages.param_send({}, source=ssi.DECODER).encode()
    script.add("a parameter nobody has", ssi_messages.param_request([0x3FF]).encode(), nothing)
    script.add("scanning disabled", ssi.DISABLE.encode(), _ACK)
    script.add("scanning enabled", ssi.ENABLE.encode(), _ACK)
    script.add("stop while idle", ssi.STOP.encode(), _ACK)
    volume = int(settings.get("8C", "00"), 16)
    _script_changes(script, 0 if volume else 1, int(settings.get("F000", "00"), 16))
    _script_noise(script, mode_reply)
    _script_rates(script, scanner.line.baud, mode_reply)
    script.add("settings as before", ssi_messages.param_send({Parameter.BEEPER_VOLUME: volume}).encode(), _ACK)
    return script


def _script_changes(script: Script, volume: int, event: int) -> None:
    change: dict[int, int] = {Parameter.BEEPER_VOLUME: volume}
    script.add("parameter changed for the time being", ssi_messages.param_send(change).encode(), _ACK)
    changed = ssi_messages.param_send(change, source=ssi.DECODER).encode()
    script.add("parameter read back", ssi_messages.param_request(change).encode(), changed)
    both = ssi_messages.param_send({**change, Parameter.DECODE_EVENT: event})
    script.add("two parameters in one packet", both.encode(), _ACK)


def _script_noise(script: Script, reply: bytes) -> None:
    """What must be refused or dropped; ``reply`` answers the question for the trigger mode."""
    asked, ack = _MODE.encode(), ssi.ACK.encode()

    def refused(name: str, frame: bytes, why: ssi.Nak) -> None:
        script.add(name, frame, ssi.nak(why, ssi.DECODER).encode())

    refused("wrong checksum is refused", asked[:-1] + bytes((asked[-1] ^ 1,)), ssi.Nak.RESEND)
    script.add("the same, sent again", _MODE.again().encode(), reply)
    refused("unknown message is refused", Packet(0x05).encode(), ssi.Nak.BAD_CONTEXT)
    refused("beep code that does not exist is refused", Packet(Opcode.BEEP, b"\x7f").encode(), ssi.Nak.DENIED)
    script.add("acknowledgement of nothing", ack, b"")
    script.add("two acknowledgements of nothing, then a question", ack * 2 + asked, reply)
    script.add("answer acknowledged", asked + ack, reply)
    script.add("two questions, glued", asked * 2, reply * 2)
    script.add("wake-up before a question", b"\x00" + asked, reply)
    script.add("half a packet is dropped", asked[:4], b"", pause_s=ssi.CHARACTER_S + 0.1)
    script.add("usable after half a packet", asked, reply)
    script.add("garbage is dropped", bytes(range(0x80, 0xC0)), b"")
    script.add("garbage before a packet", b"\x00\xff\x55\xaa" + asked, reply)


def _script_rates(script: Script, rate: int, reply: bytes) -> None:
    asked = _MODE.encode()
    elsewhere = 57600 if rate != 57600 else 38400
    values = {baud: value for value, baud in ssi.BAUD_RATES.items()}
    there, back = (ssi_messages.param_send({Parameter.BAUD: values[baud]}).encode() for baud in (elsewhere, rate))
    script.add_rate("another line rate", there, _ACK, elsewhere)
    script.add("question at the other rate", asked, reply)
    script.add_rate("back to the first rate", back, _ACK, rate)
    script.add_mismatch("wrong line rate at the host", asked, reply, wrong=9600 if rate != 9600 else 19200)
    script.add_break("break, then a question", asked, reply)
