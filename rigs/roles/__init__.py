"""What a scenario may ask of a device, whatever the device is. Each module holds the roles of one kind."""

from rigs.roles.camera import Camera, Photograph
from rigs.roles.instruments import LightSource, LuxMeter, Power, Switched
from rigs.roles.operator import Answered, AnswerKind, Bilingual, Operator
from rigs.roles.optics import Presenter, Shown
from rigs.roles.platform import (
    ApiAnswer,
    AppAccess,
    Platform,
    PlatformAdmin,
    PlatformAnswer,
    PlatformClock,
    PlatformHost,
)
from rigs.roles.stage import Setting, Stage
from rigs.roles.terminal import Delivery, DeviceIdentity, Exchange, Keyboard, Keystrokes, Scanner

__all__ = [
    "AnswerKind",
    "Answered",
    "ApiAnswer",
    "AppAccess",
    "Bilingual",
    "Camera",
    "Delivery",
    "DeviceIdentity",
    "Exchange",
    "Keyboard",
    "Keystrokes",
    "LightSource",
    "LuxMeter",
    "Operator",
    "Photograph",
    "Platform",
    "PlatformAdmin",
    "PlatformAnswer",
    "PlatformClock",
    "PlatformHost",
    "Power",
    "Presenter",
    "Scanner",
    "Setting",
    "Shown",
    "Stage",
    "Switched",
]
