"""Faults of the card side of a multi-in-one terminal."""

from __future__ import annotations

import math
import time

from rigs.card_images import CpuImage, Image, StorageImage
from rigs.emulators.card_behaviour import CardBehaviour
from rigs.emulators.defects.defect import Defect
from rigs.protocols.visit_card import NUMBER_BLOCK, number_block


class HangsOnRemoval(CardBehaviour):
    silence_after_removal_s = 3.0


class SlotDiesOnRemoval(CardBehaviour):
    slot_survives_removal = False


class GivesUpAtWork(CardBehaviour):
    same_command_at_most = 2


class CutsLongAnswers(CardBehaviour):
    longest_answer = 128


class ConfusesMedia(CardBehaviour):
    """Takes a processor card that follows a storage card soon for another storage card."""

    soon_s = 1.4

    def __init__(self) -> None:
        self._storage_s = -math.inf

    def presented(self, image: Image) -> Image:
        if isinstance(image, StorageImage):
            self._storage_s = time.monotonic()
        if not isinstance(image, CpuImage) or time.monotonic() - self._storage_s > self.soon_s:
            return image
        return StorageImage(bytes(4), {NUMBER_BLOCK: number_block("0" * 12)})


class HandsOverBoth(CardBehaviour):
    one_medium_at_a_time = False


class MixesRecords(CardBehaviour):
    one_card_per_answer = False


class DeafAfterCollision(CardBehaviour):
    recovers_from_collision = False


class ReadsNoBankStripes(CardBehaviour):
    reads_bank_stripes = False


class LeaksBankData(CardBehaviour):
    masks_bank_data = False


class SaysNumbersByItsScanner(CardBehaviour):
    says_numbers_by_its_scanner = True


class LogsBankData(CardBehaviour):
    masks_its_log = False


DEFECTS = (
    Defect(
        "hangs-on-removal",
        ("EHC-TRM-019",),
        "交易中途移卡后长时间不应答",
        "leaves its host waiting when a card is taken away at work",
        HangsOnRemoval,
    ),
    Defect(
        "slot-dies-on-removal",
        ("EHC-TRM-019",),
        "交易中途移卡后不识别下一张卡",
        "takes no notice of the next card once one was taken away at work",
        SlotDiesOnRemoval,
    ),
    Defect(
        "gives-up-at-work",
        ("EHC-TRM-019",),
        "同一命令连续发送时，移卡前即中断",
        "gives up a card that is asked the same again and again, before it is taken away",
        GivesUpAtWork,
    ),
    Defect(
        "cuts-long-answers",
        ("EHC-TRM-019",),
        "截断长于 128 字节的卡应答",
        "cuts a card's answers after 128 bytes",
        CutsLongAnswers,
    ),
    Defect(
        "confuses-media",
        ("EHC-TRM-020",),
        "紧随就诊卡之后的 CPU 卡被当作就诊卡",
        "takes a processor card that follows a visit card soon for another visit card",
        ConfusesMedia,
    ),
    Defect(
        "hands-over-both",
        ("EHC-TRM-021",),
        "两种介质同时出示时都上送",
        "hands over both media shown together",
        HandsOverBoth,
    ),
    Defect(
        "mixes-records",
        ("EHC-TRM-021",),
        "两卡同时在场时把两张卡的数据混为一条记录",
        "makes one record of two cards shown together",
        MixesRecords,
    ),
    Defect(
        "deaf-after-collision",
        ("EHC-TRM-021",),
        "两种介质同时出示后不再识别任何介质",
        "takes no notice of any medium once two were shown together",
        DeafAfterCollision,
    ),
    Defect(
        "reads-no-bank-stripes",
        ("EHC-TRM-022",),
        "不识读银行卡磁条",
        "reads no magnetic bank card",
        ReadsNoBankStripes,
    ),
    Defect(
        "leaks-pan",
        ("EHC-TRM-022",),
        "向主机上送完整银行卡号和二磁道",
        "hands the whole account number and track 2 to its host",
        LeaksBankData,
    ),
    Defect(
        "pan-on-scanner-line",
        ("EHC-TRM-022",),
        "经扫码链路另外上送完整银行卡号",
        "hands the whole account number over its scanner's line as well",
        SaysNumbersByItsScanner,
    ),
    Defect(
        "logs-pan",
        ("EHC-TRM-022",),
        "终端日志中留有完整银行卡号",
        "keeps whole account numbers in its log",
        LogsBankData,
    ),
)
