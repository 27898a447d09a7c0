"""The bench file: which real or emulated device fills each role. TOML, every key checked before anything is opened."""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from rigs.errors import BenchFileError
from rigs.roles import DeviceIdentity

_PTY = "/dev/pts/"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


GAP_MS = 60.0
"""How long the empty bench stands between two codes unless the file says otherwise: four frames of a 60 Hz camera."""


class FramePortTable(_Table):
    """A presenter that shows frames to lookers on loopback HTTP."""

    gap_ms: float = Field(default=GAP_MS, ge=0)

    driver: Literal["frame-port"]
    frame_port: int = Field(default=0, ge=0, le=65535)


class ScreenTable(_Table):
    """A presenter that shows frames full screen on a display in front of the device."""

    driver: Literal["screen"]
    display: str = ":0"
    left: int = 0
    top: int = 0
    width: int = Field(default=1920, ge=320)
    height: int = Field(default=1080, ge=240)
    refresh_hz: float = Field(default=60.0, gt=0)
    lag_ms: float = Field(default=0.0, ge=0)
    gap_ms: float = Field(default=GAP_MS, ge=0)


class LabelTable(_Table):
    """What the person who set up the bench read from the device's label; the device's own word goes first."""

    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    hardware: str | None = None
    firmware: str | None = None

    def identity(self) -> DeviceIdentity:
        """The label as an identity."""
        return DeviceIdentity(**self.model_dump())


class EmulatedScannerTable(_Table):
    """Start the software twin of the scanner on a pty of its own."""

    pace: Literal["uart", "usb"] = "uart"
    time_scale: float = Field(default=1.0, ge=1.0)


class ScannerTable(_Table):
    """The scanner under test."""

    driver: Literal["gm65", "honeywell", "newland", "plain-line", "ssi"]
    url: str | None = None
    baud: Literal[9600, 19200, 38400, 57600, 115200] = 9600
    mode: Literal["command", "presentation"] = "command"
    read_timeout_s: float = Field(default=2.0, ge=1.5, le=25)
    """At least 1.5 s, beyond every latency limit: a code that is not read then always counts as too late."""
    silence_s: float = Field(default=1.0, gt=0.01)
    """How long nothing must arrive before a symbol counts as not delivered."""
    terminator: Literal["cr", "lf", "crlf", "tab", "none"] = "cr"
    """What ends a content on a plain line; the other drivers set CR themselves, or find it."""
    character_gap_ms: float = Field(default=50.0, ge=5, le=1000)
    """Pause that ends a content on a plain line without terminator."""
    hardware: bool = False
    """Whether a URL is declared to lead to real hardware; the declaration stands in the report."""
    label: LabelTable = LabelTable()
    emulated: EmulatedScannerTable | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.url is None) == (self.emulated is None):
            raise ValueError("needs either `url` (a real port) or a table [scanner.emulated], and not both")
        return self

    @model_validator(mode="after")
    def _as_plain_as_its_line(self) -> Self:
        if self.driver != "plain-line":
            if self.terminator != "cr":
                raise ValueError('`terminator` is for driver = "plain-line"; the others end a code with CR')
        elif self.mode != "presentation":
            raise ValueError('driver "plain-line" has no trigger: set mode = "presentation"')
        elif self.terminator == "none" and self.character_gap_ms >= self.silence_s * 1000:
            raise ValueError("`character_gap_ms` must be shorter than `silence_s`, or a code never ends in time")
        return self


class EmulatedKeyboardTable(_Table):
    """Let the emulated scanner type every delivery on a keyboard link too."""


class KeyboardTable(_Table):
    """The keyboard link of the scanner."""

    driver: Literal["hid-stream"]
    url: Annotated[str, Field(pattern=r"^socket://[^:/]+:\d+$")] | None = None
    emulated: EmulatedKeyboardTable | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.url is None) == (self.emulated is None):
            raise ValueError("needs either `url` (socket://host:port) or a table [keyboard.emulated], and not both")
        return self


class EmulatedPowerTable(_Table):
    """Start the software twin of a bench supply, and feed the emulated scanner from it."""


class PowerTable(_Table):
    """The supply of the scanner."""

    driver: Literal["scpi"]
    resource: str | None = None
    emulated: EmulatedPowerTable | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.resource is None) == (self.emulated is None):
            raise ValueError("needs either `resource` (a VISA name) or a table [power.emulated], and not both")
        return self


class ReferencePlatformTable(_Table):
    """Start the reference platform in a process of its own."""

    code_life_s: float | None = Field(default=None, gt=0)
    quota_app: int | None = Field(default=None, ge=1)
    """Requests a second of one application; None for the platform's own choice, as for the two below."""
    quota_terminal: int | None = Field(default=None, ge=1)
    quota_address: int | None = Field(default=None, ge=1)
    quota_wrong: int | None = Field(default=None, ge=0)
    """Wrong tries a minute before a caller is locked out; 0 for never."""
    test_clock: bool = False
    """Whether the platform's clock can be turned, so that minutes need not be waited for."""
    database_url: str | None = None
    apart_server_url: Annotated[str, Field(pattern=r"^postgresql(\+psycopg)?://")] | None = None
    """Where each platform that a row starts for itself gets a database of its own; None for a SQLite file each."""

    def arguments(self) -> list[str]:
        """The table as options of ``xiangka platform serve``."""
        arguments = ["--test-clock"] if self.test_clock else []
        if self.code_life_s is not None:
            arguments += ["--code-life", f"{self.code_life_s:g}"]
        for quota in ("app", "terminal", "address", "wrong"):
            if (rate := getattr(self, f"quota_{quota}")) is not None:
                arguments += ["--quota", f"{quota}={rate}"]
        return arguments if self.database_url is None else [*arguments, "--database", self.database_url]


class PlatformTable(_Table):
    """The card platform: behind the hospital system of a terminal's bench, or itself the subject."""

    driver: Literal["hn-a"]
    url: str | None = None
    credentials: Path | None = None
    """JSON file with app_id, app_secret and term_id; with admin_token and others for rows that administrate."""
    test_clock: bool = False
    """Whether a platform at ``url`` offers the reference platform's interface for turning its clock."""
    real: bool = False
    """Whether a URL is declared to lead to a platform in its real deployment; the declaration stands in the report."""
    label: LabelTable = LabelTable()
    """Identity of the platform, where its own interface does not tell."""
    reference: ReferencePlatformTable | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.url is None) == (self.reference is None):
            raise ValueError("needs either `url` (with `credentials`) or a table [platform.reference], and not both")
        if self.url is not None and self.credentials is None:
            raise ValueError("needs `credentials`, a JSON file with app_id, app_secret and term_id")
        if self.reference is not None and (self.real or self.test_clock):
            raise ValueError("`real` and `test_clock` describe a platform at `url`; see [platform.reference]")
        return self

    @property
    def clock_turns(self) -> bool:
        """Whether the platform's clock can be turned."""
        return self.test_clock if self.reference is None else self.reference.test_clock


class BenchFile(_Table):
    """A whole bench file: of a terminal with the platform behind it, or of a platform alone."""

    name: str
    presenter: Annotated[FramePortTable | ScreenTable, Field(discriminator="driver")] | None = None
    scanner: ScannerTable | None = None
    platform: PlatformTable
    power: PowerTable | None = None
    keyboard: KeyboardTable | None = None

    @field_validator("keyboard")
    @classmethod
    def _typed_by_the_twin(cls, keyboard: KeyboardTable | None, found: ValidationInfo) -> KeyboardTable | None:
        scanner = found.data.get("scanner")
        if keyboard is not None and keyboard.emulated is not None and scanner is not None and scanner.emulated is None:
            raise ValueError("[keyboard.emulated] needs a table [scanner.emulated]: it is the scanner that types")
        return keyboard

    @model_validator(mode="after")
    def _whole(self) -> Self:
        parts = {
            "presenter": self.presenter,
            "scanner": self.scanner,
            "power": self.power,
            "keyboard": self.keyboard,
        }
        bound = [name for name, table in parts.items() if table is not None]
        lacking = [name for name in ("presenter", "scanner") if name not in bound]
        if bound and lacking:
            raise ValueError(f"key {lacking[0]!r} is missing; a bench with [{bound[0]}] needs presenter and scanner")
        return self

    @property
    def subject(self) -> Literal["terminal", "platform"]:
        """What stands on the bench to be tested."""
        return "platform" if self.scanner is None else "terminal"

    @property
    def emulated(self) -> bool:
        """Whether any part that a verdict rests on is, or may be, software of ours: such a run certifies nothing.

        Only a device path is hardware by itself; a URL can lead anywhere, so it needs ``hardware = true``, and that of
        a platform under test ``real = true``.
        """
        if self.scanner is None:
            return not self.platform.real
        url = self.scanner.url or ""
        local = url.startswith("/dev/") and not os.path.realpath(url).startswith(_PTY)
        return (
            self.scanner.emulated is not None
            or isinstance(self.presenter, FramePortTable)
            or not (local or (self.scanner.hardware and "://" in url))
        )

    def settings(self) -> dict[str, Any]:
        """The bench as it stands in a report; a credentials file is told by its name, a database by its kind only."""
        settings = self.model_dump(mode="json", exclude_none=True)
        if self.platform.credentials is not None:
            settings["platform"]["credentials"] = self.platform.credentials.name
        reference = self.platform.reference
        if reference is not None:
            for of_a_url in ("real", "test_clock"):
                del settings["platform"][of_a_url]
        for key in ("database_url", "apart_server_url"):
            if reference is not None and (url := getattr(reference, key)) is not None:
                settings["platform"]["reference"][key] = url.split(":")[0]
        return settings


def load_bench(path: Path) -> BenchFile:
    """Read and check a bench file.

    Raises:
        BenchFileError: the file is missing, not TOML, or a key in it is missing, misspelt or has a wrong value.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BenchFileError(
            f"cannot be read ({error.strerror})", where=str(path), remedy="check the path of the bench file"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BenchFileError(f"is not TOML: {error}", where=str(path), remedy="correct the line named") from error
    try:
        return BenchFile.model_validate(data)
    except ValidationError as error:
        what, remedy = _first_problem(error)
        raise BenchFileError(what, where=str(path), remedy=remedy) from error


def _first_problem(error: ValidationError) -> tuple[str, str]:
    """The problem to name first: a misspelt key is both unknown and missing, and the unknown one tells more."""
    problem = min(error.errors(), key=lambda p: p["type"] != "extra_forbidden")
    path = [str(part) for part in problem["loc"] if part not in ("frame-port", "screen")]
    key = ".".join(path)
    match problem["type"]:
        case "extra_forbidden":
            known = _known_keys(path[:-1])
            near = difflib.get_close_matches(path[-1], known, n=1, cutoff=0.5)
            return f"unknown key {key!r}", f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
        case "union_tag_not_found":
            return f"key '{key}.driver' is missing", "add it; docs/benches.md lists every key"
        case "missing":
            return f"key {key!r} is missing", "add it; docs/benches.md lists every key"
        case "literal_error" | "union_tag_invalid":
            allowed = problem["ctx"].get("expected") or problem["ctx"].get("expected_tags")
            what = "driver" if problem["type"] == "union_tag_invalid" or key.endswith("driver") else "value"
            found = problem["ctx"].get("tag") or problem["input"]
            return f"unknown {what} {found!r} for {key!r}", f"choose one of {allowed}"
        case _:
            said = problem["msg"].removeprefix("Value error, ")
            return f"{key}: {said}" if key else said, "docs/benches.md explains every key"


_TABLES: dict[str, tuple[type[BaseModel], ...]] = {
    "": (BenchFile,),
    "presenter": (FramePortTable, ScreenTable),
    "scanner": (ScannerTable,),
    "scanner.label": (LabelTable,),
    "scanner.emulated": (EmulatedScannerTable,),
    "power": (PowerTable,),
    "keyboard": (KeyboardTable,),
    "platform": (PlatformTable,),
    "platform.label": (LabelTable,),
    "platform.reference": (ReferencePlatformTable,),
}


def _known_keys(table: list[str]) -> list[str]:
    return [name for model in _TABLES.get(".".join(table), ()) for name in model.model_fields]
