"""A 德卡 reader behind its web plug-in: calls, and the code that was read last."""

from __future__ import annotations

from rigs.emulators.hardware import Hardware
from rigs.protocols import web_plugin
from rigs.protocols.web_plugin import Answer, Call, Function, WebPluginError

_FIRMWARE = 0x7B
"""Hundredths: V1.23."""
_HANDLE = 1
_DONE, _FAILED = Answer(web_plugin.SUCCESS), Answer(web_plugin.FAILED)


class WebPluginEmulator:
    """An emulated reader whose port carries the messages of the plug-in.

    Args:
        hardware: what it is made of.
    """

    def __init__(self, hardware: Hardware) -> None:
        self._hardware = hardware
        self._port, self._behaviour = hardware.port, hardware.behaviour
        self._firmware = hardware.firmware(_FIRMWARE)
        self._powered = True
        self._open = False
        self._read: list[bytes] = []
        self._device = hardware.device(self._read.append, self._configure)

    def receive(self, data: bytes) -> None:
        """Take one message; what is no call has no answer."""
        if not self._device.alive:
            return
        try:
            call = web_plugin.read_call(data)
        except WebPluginError:
            return
        self._port.send(self._answer(call).encode())

    def power(self, on: bool) -> None:
        """Cut or restore the supply; a handle is worth nothing afterwards."""
        if on == self._powered:
            return
        self._powered = on
        self._device.power(on)
        self._open = False
        self._read.clear()
        if on:
            self._firmware = self._hardware.firmware(self._firmware) + self._behaviour.firmware_drift(
                self._device.outage_s
            )

    def close(self) -> None:
        """Stop the device."""
        self._device.close()

    def _answer(self, call: Call) -> Answer:
        if call.function == Function.OPEN:
            self._open = True
            return Answer(_HANDLE)
        if not self._open or call.arguments[:1] != (str(_HANDLE),):
            return _FAILED
        match call.function:
            case Function.VERSION if self._behaviour.reports_firmware:
                return Answer(web_plugin.SUCCESS, (f"V{self._firmware / 100:.2f}",))
            case Function.START:
                self._read.clear()
                self._device.trigger()
            case Function.DATA:
                return web_plugin.content_answer(self._read.pop(0)) if self._read else _FAILED
            case Function.STOP:
                self._device.stop()
                self._read.clear()
            case Function.CLOSE:
                self._device.stop()
                self._open = False
            case Function.BEEP:
                pass  # nobody hears it
            case _:
                return _FAILED
        return _DONE

    def _configure(self, content: bytes) -> bool:
        """No printed code sets it up: its settings could not be read back."""
        del content
        return False
