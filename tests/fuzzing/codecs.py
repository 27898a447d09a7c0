"""Every way into a codec that bytes from outside can take, found by itself in ``rigs.protocols``.

A way in is called with one string of bytes, from which its arguments are made, so that Hypothesis and atheris feed it
alike. Found are

- functions whose first argument is ``bytes``, or a record of the protocol made of them,
- functions whose first argument is a ``Transmit``: they talk to a card, which answers from the string,
- classes with ``feed``, and methods ``take`` of classes: they find messages in a stream.

Whoever adds a codec has nothing to do here, unless its functions take what no string of bytes can give.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rigs.protocols
from rigs.protocols import gm65, hid_pos, honeywell, m3y, newland, newland_legacy, sdt, ssi, ssi_messages, web_plugin
from tests.rigs.ssi_segments import segment_packets

PACKAGE = "rigs.protocols"
OURS = {
    f"{PACKAGE}.{name}": why
    for name, why in {
        "bank_card.application_offer": "writes the directory of a card of our own",
        "module_cipher.opened_under": "its error is that of the cipher, and its key is ours",
        "module_cipher.sealed_under": "its key and its text are ours",
    }.items()
}
"""Functions with bytes in front that only ever see what the harness itself says, each with the reason."""
EXAMPLES: dict[str, list[bytes]] = {
    "gm65": [gm65.read_command(0, 1), gm65.write_command(6, b"\x14"), gm65.reply(b"\xd1"), gm65.reply(bytes(256))],
    "hid_pos": [hid_pos.scanned_data(b"]Q1", b"8A3F" * 20), hid_pos.command_reports(honeywell.command("CBRENA?"))],
    "honeywell": [honeywell.command("CBRENA?,MIN?;QRCENA1"), b"CBRENA1\x06,MIN4\x06;QRCENA1\x06.", b"REVINF\x06."],
    "m3y": [m3y.command(body) for body in m3y.Body] + [m3y.reply(b"90 00")],
    "newland": [newland.command("C11ENA*,MIN*;QRCENA1"), newland.reply(b"#", b"C11ENA1\x06;")],
    "newland_legacy": [newland_legacy.command("99900030"), newland_legacy.information(b"EMU")],
    "sdt": [sdt.command((0x20, 0x01)), sdt.answer(b"\x00\x00\x9f")],
    "ssi": [
        ssi_messages.param_request([0x8A]).encode(),
        ssi_messages.param_send({0x8A: 8, 0x14E: 1}, source=ssi.DECODER).encode(),
        *(packet.encode() for packet in ssi_messages.decode_packets(ssi.CodeType.QR, b"8A3F" * 80)),
        *(packet.encode() for packet in segment_packets(ssi.CodeType.QR, b"8A3F" * 80)),
    ],
    "web_plugin": [
        web_plugin.Call(web_plugin.Function.OPEN, ("100", "115200")).encode(),
        web_plugin.Answer(0, ("8A3F",)).encode(),
    ],
}
"""Whole messages, which random bytes would never hit, by module."""
CALLS = 2000
"""More commands than any dialogue with a card has."""


class EndlessError(AssertionError):
    """A dialogue that never ends by itself."""


@dataclass(frozen=True)
class WayIn:
    """One function or reader.

    Attributes:
        name: module and function, without the package.
        call: takes the string.
    """

    name: str
    call: Callable[[bytes], object]


@dataclass(frozen=True)
class Reader:
    """A class with ``feed``.

    Attributes:
        name: module and class, without the package.
        make: a new one, its arguments made from a string.
        feed: gives it bytes.
    """

    name: str
    make: Callable[[bytes], Any]
    feed: Callable[[Any, bytes], Any]


@dataclass(frozen=True)
class Measure:
    """A function that measures the message a buffer begins with: its length, 0 while it may become one, None never.

    Attributes:
        name: module and function, without the package.
        function: takes the buffer, and what else makes its answer.
    """

    name: str
    function: Callable[..., int | None]

    def others(self, data: bytes) -> dict[str, Any]:
        """Its further arguments, made from a string."""
        _, named = _arguments(self.function, Draw(data))
        return named


class Draw:
    """Makes arguments from a string of bytes, from its front on."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def bytes(self, number: int) -> bytes:
        taken, self.data = self.data[:number], self.data[number:]
        return taken

    def number(self) -> int:
        return int.from_bytes(self.bytes(1), "big")

    def rest(self) -> bytes:
        return self.bytes(len(self.data))

    def value(self, kind: Any) -> Any:
        """An argument of a type.

        Raises:
            TypeError: no string of bytes can give one.
        """
        origin, inner = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Annotated:
            return self.value(inner[0])
        if kind is bytes:
            return self.bytes(self.number())
        if kind is bool:
            return bool(self.number() & 1)
        if kind is int:
            return self.number()
        if kind is float:
            return self.number() / 16
        if kind is str:
            return self.bytes(self.number()).decode("latin-1")
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            members = list(kind)
            return members[self.number() % len(members)]
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            hints = typing.get_type_hints(kind)
            return kind(**{field.name: self.value(hints[field.name]) for field in dataclasses.fields(kind)})
        if origin in (types.UnionType, typing.Union):
            return self.value(inner[self.number() % len(inner)])
        if kind is type(None):
            return None
        if origin in (tuple, list, frozenset, set) and inner:
            size = self.number() % 4 if origin is not tuple or inner[-1:] == (...,) else len(inner)
            kinds = [inner[0]] * size if len(inner) == 1 or inner[-1] is ... else list(inner)
            return origin(self.value(one) for one in kinds)
        if kind is collections.abc.Callable or origin is collections.abc.Callable:
            return self.card()
        raise TypeError(f"{kind} cannot be made from bytes")

    def card(self) -> Callable[[bytes], tuple[bytes, int]]:
        """A card that answers with what is left, and then with its last answer again, or that there is nothing."""
        stubborn = self.number() & 1
        answers = 0
        last = (b"", 0x6A82)

        def transmit(command: bytes) -> tuple[bytes, int]:
            nonlocal answers, last
            del command
            answers += 1
            if answers > CALLS:
                raise EndlessError
            if not self.data:
                return last if stubborn else (b"", 0x6A82)
            status = self.number()
            data = self.bytes(self.number())
            last = data, 0x9000 if status < 0x80 else int.from_bytes(bytes((status,)) + (data[:1] or b"\0"), "big")
            return last

        return transmit


def modules() -> list[types.ModuleType]:
    """Every module of the package."""
    found = pkgutil.iter_modules([str(Path(rigs.protocols.__file__).parent)])
    return [importlib.import_module(f"{PACKAGE}.{module.name}") for module in found]


def own_errors() -> tuple[type[Exception], ...]:
    """Errors that the codecs themselves define."""
    return tuple(
        error
        for module in modules()
        for error in vars(module).values()
        if isinstance(error, type) and issubclass(error, Exception) and error.__module__.startswith(PACKAGE)
    )


def ways_in() -> list[WayIn]:
    """Every way in, readers included."""
    found = [WayIn(name, call) for module in modules() for name, call in _functions(module)]
    found += [WayIn(f"{one.name}.feed", _fed(one)) for one in readers()]
    return found


def readers() -> list[Reader]:
    """Every class with ``feed``."""
    return [
        _reader(module, kind)
        for module in modules()
        for kind in _own(module, type)
        if inspect.isfunction(vars(kind).get("feed"))
    ]


def measures() -> list[Measure]:
    """Every function that says how long the message at the start of a buffer is."""
    return [
        Measure(name.removeprefix(f"{PACKAGE}."), function)
        for module in modules()
        for function in _own(module, types.FunctionType)
        if (name := f"{module.__name__}.{function.__name__}").endswith("_length")
        and _from_outside(typing.get_type_hints(function)[next(iter(inspect.signature(function).parameters))])
    ]


def tokens(module: types.ModuleType) -> set[bytes]:
    """Bytes that mean something to a codec: its constants, and the frames of its constant messages."""
    found: set[bytes] = set()
    for value in vars(module).values():
        for one in value if isinstance(value, (type, tuple, list, dict)) and _iterable(value) else [value]:
            plain = one.value if isinstance(one, enum.Enum) else one
            if isinstance(plain, str) and isinstance(one, enum.Enum):
                plain = plain.encode("utf-8")
            if isinstance(plain, bytes):
                found.add(plain)
            elif dataclasses.is_dataclass(plain) and hasattr(plain, "encode") and not isinstance(plain, type):
                found.add(plain.encode())
    found.update(EXAMPLES.get(module.__name__.rpartition(".")[2], []))
    return {token for token in found if token}


def _iterable(value: Any) -> bool:
    return not isinstance(value, type) or issubclass(value, enum.Enum)


def _own(module: types.ModuleType, kind: type) -> Iterator[Any]:
    for name, value in vars(module).items():
        if isinstance(value, kind) and not name.startswith("_") and value.__module__ == module.__name__:
            yield value


def _functions(module: types.ModuleType) -> Iterator[tuple[str, Callable[[bytes], object]]]:
    for function in _own(module, types.FunctionType):
        name = f"{module.__name__}.{function.__name__}"
        hints = typing.get_type_hints(function)
        first = next((hints[p] for p in inspect.signature(function).parameters), None)
        if name not in OURS and (_from_outside(first) or _is_card(first)):
            yield name.removeprefix(f"{PACKAGE}."), _called(function)
    for kind in _own(module, type):
        if inspect.isfunction(taking := vars(kind).get("take")) and len(inspect.signature(taking).parameters) > 1:
            yield f"{module.__name__}.{kind.__name__}.take".removeprefix(f"{PACKAGE}."), _taken(kind, taking)


def _from_outside(kind: Any) -> bool:
    """Whether an argument is what came over a wire: bytes, or a record that holds some."""
    if kind is bytes:
        return True
    return dataclasses.is_dataclass(kind) and bytes in typing.get_type_hints(kind).values()


def _is_card(kind: Any) -> bool:
    return typing.get_origin(kind) is collections.abc.Callable and typing.get_args(kind)[0] == [bytes]


def _arguments(function: Callable[..., object], data: Draw) -> tuple[list[Any], dict[str, Any]]:
    """Arguments of a function: what stands in front of all others comes last, and takes the rest."""
    hints = typing.get_type_hints(function)
    first, *others = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    named: dict[str, Any] = {}
    for parameter in others:
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            named[parameter.name] = data.value(hints[parameter.name])
    return [data.rest() if hints[first.name] is bytes else data.value(hints[first.name])], named


def _called(function: Callable[..., object]) -> Callable[[bytes], object]:
    def call(data: bytes) -> object:
        positional, named = _arguments(function, Draw(data))
        names = list(inspect.signature(function).parameters)
        return function(*positional, **{name: named[name] for name in names if name in named})

    return call


def _taken(kind: type, taking: Callable[..., object]) -> Callable[[bytes], object]:
    def call(data: bytes) -> None:
        draw, one, error = Draw(data), kind(), None
        while draw.data:
            (record,), _ = _arguments(taking, draw)
            try:
                taking(one, record)
            except own_errors() as caught:
                error = caught
        if error is not None:
            raise error

    return call


def _reader(module: types.ModuleType, kind: type) -> Reader:
    parameters = inspect.signature(kind).parameters
    hints = typing.get_type_hints(kind.__init__)
    feeding = vars(kind)["feed"]
    timed = len(inspect.signature(feeding).parameters) > 2

    def make(data: bytes) -> Any:
        draw = Draw(data)
        needed = {p.name: hints[p.name] for p in parameters.values() if p.default is p.empty}
        made = {name: draw.value(hint) for name, hint in needed.items()}
        return kind(**{name: 1 if value == 0 else value for name, value in made.items()})

    def feed(one: Any, data: bytes) -> Any:
        return feeding(one, data, 1) if timed else feeding(one, data)

    return Reader(f"{module.__name__}.{kind.__name__}".removeprefix(f"{PACKAGE}."), make, feed)


def _fed(reader: Reader) -> Callable[[bytes], object]:
    def call(data: bytes) -> object:
        return reader.feed(reader.make(data[:8]), data[8:])

    return call
