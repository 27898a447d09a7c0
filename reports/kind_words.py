"""What a page calls things according to what was tested: a device with a serial number, or a deployed platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from certification.catalogue import Text


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


@dataclass(frozen=True)
class KindWords:
    """Texts that differ by kind of subject.

    Attributes:
        emulated: what an emulated run is, over the whole page.
        emulated_row: the same beside one requirement.
        real_row: what stands there where nothing was emulated.
        emulated_scope: what such a run does not show.
        serial, firmware: short names in the masthead.
        defect: what a planted defect is.
        declared, undeclared: captions of the identity.
        parts: name of what is emulated or real.
        scope: what the verdicts concern.
        identity: names of the identity's fields.
        verdict_meanings: meanings of verdicts that differ from the common ones.
    """

    emulated: Text
    emulated_row: Text
    real_row: Text
    emulated_scope: Text
    serial: Text
    firmware: Text
    defect: Text
    declared: Text
    undeclared: Text
    parts: Text
    scope: Text
    identity: Mapping[str, Text]
    verdict_meanings: Mapping[str, Text] = field(default_factory=dict)


DEVICE = KindWords(
    emulated=_t("模拟设备运行，不构成任何认证", "An emulated run certifies nothing"),
    emulated_row=_t("模拟设备", "emulated device"),
    real_row=_t("真实硬件", "real hardware"),
    emulated_scope=_t(
        "全部结论来自模拟设备：证明试验方法可行，不证明任何真实设备。须用真实硬件评定的要求，不因本次运行而成立。",
        "Every verdict was obtained on emulated devices: it shows that the test works, and nothing about any real "
        "device. No requirement that needs real hardware is settled by this run.",
    ),
    serial=_t("序列号", "Serial number"),
    firmware=_t("固件版本", "Firmware"),
    defect=_t(
        "本次运行有意给模拟设备植入了缺陷", "A deliberate defect was planted in the emulated device for this run:"
    ),
    declared=_t("标识：申请所报与设备所答", "Identity: as declared and as the device answers"),
    undeclared=_t(
        "标识：无申请文件，仅为设备自报，不证明任何事项",
        "Identity: no application was filed; it is what the device says of itself and proves nothing",
    ),
    parts=_t("设备", "Devices"),
    scope=_t(
        "结果仅与所试样品有关：结论只涉及所列序列号的样品及其固件版本；其他样品、其他固件须另行试验。",
        "The results relate only to the item tested: the sample with the serial number given and its firmware version; "
        "other samples and other firmware must be tested by themselves.",
    ),
    identity={
        "vendor": _t("厂商", "Vendor"),
        "model": _t("型号", "Model"),
        "serial": _t("序列号", "Serial number"),
        "hardware": _t("硬件版本", "Hardware revision"),
        "firmware": _t("固件版本", "Firmware version"),
        "firmware_sha256": _t("固件 SHA-256", "Firmware SHA-256"),
        "filing_number": _t("检测备案号", "Filing number"),
    },
)

PLATFORM = KindWords(
    emulated=_t("模拟运行：受测的是测试平台，不构成任何认证", "An emulated run certifies nothing"),
    emulated_row=_t("测试平台", "test platform"),
    real_row=_t("真实部署", "real deployment"),
    emulated_scope=_t(
        "全部结论来自本项目的参考平台或未声明为真实部署的平台：证明试验方法可行，不证明任何在用平台。",
        "Every verdict was obtained on the project's reference platform, or on one that was not declared to be in real "
        "deployment: it shows that the test works, and nothing about any platform in use.",
    ),
    serial=_t("部署编号", "Deployment"),
    firmware=_t("软件版本", "Version"),
    defect=_t(
        "本次运行有意给参考平台植入了缺陷", "A deliberate defect was planted in the reference platform for this run:"
    ),
    declared=_t("标识：申请所报与平台所答", "Identity: as declared and as the platform answers"),
    undeclared=_t(
        "标识：无申请文件，仅为平台自报，不证明任何事项",
        "Identity: no application was filed; it is what the platform says of itself and proves nothing",
    ),
    parts=_t("平台", "Platform"),
    scope=_t(
        "结果仅与所试平台有关：结论只涉及所列部署及其软件版本；其他部署、其他版本须另行试验。",
        "The results relate only to the platform tested: the deployment given and its version; other deployments and "
        "other versions must be tested by themselves.",
    ),
    identity={
        "vendor": _t("厂商", "Vendor"),
        "model": _t("产品", "Product"),
        "serial": _t("部署编号", "Deployment"),
        "hardware": _t("运行环境", "Runs on"),
        "firmware": _t("软件版本", "Version"),
        "firmware_sha256": _t("发布包 SHA-256", "Release SHA-256"),
        "filing_number": _t("等级保护备案号", "Security filing number"),
    },
    verdict_meanings={
        "FAIL": _t(
            "平台未满足判据且继续试验也无法改变这一结果，或在试验中停止应答、拒绝了必须受理的请求。",
            "The platform does not meet the criterion and no further sample could mend that, or it stopped answering "
            "or refused what it must grant.",
        ),
        "RIG_ERROR": _t(
            "试验台或试验软件出现故障；不归咎于受测平台，须修复后重做。",
            "The bench or the harness failed; the platform under test is not blamed, run the row again.",
        ),
    },
)


def words_of(kind: str) -> KindWords:
    """The words of a kind of subject."""
    return PLATFORM if kind == "platform" else DEVICE
