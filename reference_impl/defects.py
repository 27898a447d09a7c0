"""Deliberate defects of the platform, each a part of a sound one exchanged before it serves.

A defect names the requirements it must make fail. The tests run each and demand FAIL on exactly those and PASS
everywhere else: this is how the harness itself is tested. The platform's own modules know nothing of this one.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from sqlalchemy import update

from reference_impl import hunted_defects as hunted
from reference_impl.access.accounts import AUTHORISED, Account
from reference_impl.access.scopes import SCOPES
from reference_impl.cards.documents import Document
from reference_impl.cards.holding import ACTIVE, CLOSED, find_by_id
from reference_impl.cards.numbers import mod_11_2, resident
from reference_impl.cards.real_name import Answer as Register
from reference_impl.cards.real_name import Authenticated
from reference_impl.codes.tokens import TokenKeys
from reference_impl.codes.verification import Verification
from reference_impl.door.question import Answer, Method, Parts, Question
from reference_impl.errors import PlatformError
from reference_impl.platform import Platform
from reference_impl.records import consents
from reference_impl.records.china_time import DAY_MS
from reference_impl.refusals import RefusalError
from reference_impl.storage.batch import CardRow
from reference_impl.storage.schema import CARDS
from reference_impl.wire.exchange import Biz, Request
from reference_impl.wire.payload import CardCode


@dataclass(frozen=True)
class PlatformDefect:
    """A named fault.

    Attributes:
        name: how it is chosen on the command line.
        fails: the requirements it must make fail, and no others.
        zh: what the platform does wrong, Chinese.
        en: the same in English.
        apply: exchanges the part of an assembled platform.
    """

    name: str
    fails: tuple[str, ...]
    zh: str
    en: str
    apply: Callable[[Platform], None]


Verifying = Callable[[Account, Request, str, int], Awaitable[Biz | RefusalError]]

REGISTER = "ehc.ehealthcard.register"

_EXPIRY_BYTES = 6
"""A spent key begins with the time after which it may be forgotten."""


def _wrap(platform: Platform, name: str, change: Callable[[Method], Method]) -> None:
    """Exchange one method of the gateway."""
    methods = platform.gateway.methods
    platform.gateway.methods = {**methods, name: change(methods[name])}


def _prepared(method: Method, parts: Parts, biz: Mapping[str, str], now_ms: int) -> Authenticated:
    """What a sound registration finds out before it begins."""
    assert method.prepare is not None  # noqa: S101 - registration asks the register of persons
    found: Authenticated = method.prepare(parts, biz, now_ms)
    return found


def _card_a_channel(platform: Platform) -> None:
    def change(method: Method) -> Method:
        def prepare(parts: Parts, biz: Mapping[str, str], now_ms: int) -> Authenticated:
            found = _prepared(method, parts, biz, now_ms)
            channel = biz.get("channelcode", "").encode()
            return replace(found, document=replace(found.document, person_text=found.document.person_text + channel))

        return replace(method, prepare=prepare)

    _wrap(platform, REGISTER, change)


def _no_clerk(platform: Platform) -> None:
    def change(method: Method) -> Method:
        def serve(question: Question) -> Answer:
            clerk = question.biz.get("clerk_id") or "nobody"
            return method.serve(replace(question, biz={**question.biz, "clerk_id": clerk}))

        return replace(method, serve=serve)

    _wrap(platform, REGISTER, change)


def _forgets_the_clerk(platform: Platform) -> None:
    def change(method: Method) -> Method:
        return replace(method, serve=lambda question: replace(method.serve(question), actor=""))

    _wrap(platform, REGISTER, change)


def _skips_check_digit(platform: Platform) -> None:
    def change(method: Method) -> Method:
        def prepare(parts: Parts, biz: Mapping[str, str], now_ms: int) -> Authenticated:
            number = biz.get("id_no", "")
            if biz.get("id_type") == "01" and resident.has_form(number):
                number = number[:17] + mod_11_2.check_digit(number[:17])
            return _prepared(method, parts, {**biz, "id_no": number}, now_ms)

        return replace(method, prepare=prepare)

    _wrap(platform, REGISTER, change)


class _KnowsEveryone:
    def check(self, document: Document, name: str) -> Register:
        del document, name
        return Register.MATCH


def _ignores_real_name(platform: Platform) -> None:
    platform.parts.real_name = _KnowsEveryone()


def _long_life_codes(platform: Platform) -> None:
    platform.parts.verification.ttl_ms = 180_000


def _accepts_expired(platform: Platform) -> None:
    rule = platform.parts.verification
    _judge_otherwise(rule, lambda: Verification(rule.keys, rule.ttl_ms + 120_000))


def _judge_otherwise(rule: Verification, other: Callable[[], Verification]) -> None:
    """Let another rule decide in place of the one in force."""

    def judge(code: CardCode, card: CardRow | None, now_ms: int) -> None:
        other().judge(code, card, now_ms)

    _put(rule, "judge", judge)


def _put(part: object, name: str, method: object) -> None:
    """Give one object another method than its class has."""
    setattr(part, name, method)


def _accepts_replay(platform: Platform) -> None:
    rule, random = platform.parts.verification, platform.parts.random
    sound = rule.token_key

    def token_key(code: CardCode) -> bytes | None:
        key = sound(code)
        # Spent under another key every time, a code is never found spent.
        return None if key is None else key[:_EXPIRY_BYTES] + random(len(key) - _EXPIRY_BYTES)

    _put(rule, "token_key", token_key)


def _cached_after_close(platform: Platform) -> None:
    rule = platform.parts.verification
    sound, seen = rule.judge, dict[str, CardRow]()

    def judge(code: CardCode, card: CardRow | None, now_ms: int) -> None:
        remembered = seen.get(code.card_id, card)
        sound(code, remembered, now_ms)
        if remembered is not None:
            seen[code.card_id] = remembered

    _put(rule, "judge", judge)


def _forgets_closings(platform: Platform) -> None:
    reopened = update(CARDS).where(CARDS.c.state == CLOSED, CARDS.c.replaced_by.is_(None)).values(state=ACTIVE)
    platform.run(lambda connection: connection.execute(reopened))


def _dies_of_closing(platform: Platform) -> None:
    def serve(question: Question) -> Answer:
        del question
        os._exit(70)

    _wrap(platform, "ehc.ehealthcard.close", lambda method: replace(method, serve=serve))


def _old_key_kept(platform: Platform) -> None:
    rule = platform.parts.verification
    ever = dict[int, bytes]()

    def other() -> Verification:
        ever.update(rule.keys.keys)
        return Verification(TokenKeys(dict(ever), rule.keys.newest, {}), rule.ttl_ms)

    _judge_otherwise(rule, other)


def _drops_key_at_once(platform: Platform) -> None:
    rule = platform.parts.verification

    def other() -> Verification:
        newest = rule.keys.newest
        return Verification(TokenKeys({newest: rule.keys.keys[newest]}, newest, {}), rule.ttl_ms)

    _judge_otherwise(rule, other)


def _ignores_type(platform: Platform) -> None:
    _accepts_replay(platform)
    rule = platform.parts.verification
    sound = rule.judge

    def judge(code: CardCode, card: CardRow | None, now_ms: int) -> None:
        sound(replace(code, token=None), card, now_ms)

    _put(rule, "judge", judge)


def _other_accounts(platform: Platform, change: Callable[[Account], Account]) -> None:
    """Let every caller be known as something else."""
    sound, known = platform.accounts.find, dict[str, tuple[Account, Account]]()

    def find(app_id: str) -> Account | None:
        account = sound(app_id)
        if account is None:
            return None
        if app_id not in known or known[app_id][0] is not account:
            known[app_id] = account, change(account)
        return known[app_id][1]

    _put(platform.accounts, "find", find)


def _ignores_scope(platform: Platform) -> None:
    _other_accounts(platform, lambda account: replace(account, scopes=frozenset(SCOPES)))


class _EveryTerminal(dict[str, str]):
    def get(self, term_id: str, default: object = None) -> str:
        del term_id, default
        return AUTHORISED


def _ignores_terminal(platform: Platform) -> None:
    _other_accounts(platform, lambda account: replace(account, terminals=_EveryTerminal()))


def _ignores_standing(platform: Platform) -> None:
    _other_accounts(platform, lambda account: replace(account, in_good_standing=True))


def _blind_to_consent(platform: Platform) -> None:
    def change(method: Method) -> Method:
        def serve(question: Question) -> Answer:
            answer = method.serve(question)
            held = find_by_id(question.connection, question.parts.keyring, question.biz["ehealth_card_id"])
            terms = consents.Terms(consents.ALL_PUBLIC, consents.KINDS, question.now_ms, question.now_ms + DAY_MS)
            nobody = consents.Evidence(consents.CLERK, "nobody")
            consents.grant(
                question.connection, held, terms, nobody, question.account, question.now_ms, question.parts.random
            )
            return answer

        return replace(method, serve=serve)

    _wrap(platform, "ehc.record.share", change)


def _forgets_withdrawal(platform: Platform) -> None:
    def serve(question: Question) -> Answer:
        return Answer({"consent_id": question.biz["consent_id"]})

    _wrap(platform, "ehc.consent.withdraw", lambda method: replace(method, serve=serve))


def _other_person_elsewhere(platform: Platform) -> None:
    def change(serve: Verifying) -> Verifying:
        async def verify(account: Account, request: Request, term_id: str, now: int) -> Biz | RefusalError:
            result = await serve(account, request, term_id, now)
            if isinstance(result, RefusalError):
                return result
            mindex = str(result["mindex_id"])
            turned = 1 + int(account.org_code[-3:]) % (len(mindex) - 1)
            return {**result, "mindex_id": mindex[turned:] + mindex[:turned]}

        return verify

    _put(platform.gateway, "_verify", change(platform.gateway._verify))


_ALL: tuple[PlatformDefect, ...] = (
    PlatformDefect(
        "issues-twice",
        ("EHC-PLT-001",),
        "同一人通过两个渠道申领得到两张卡",
        "gives a person who applies through two channels two cards",
        _card_a_channel,
    ),
    PlatformDefect(
        "no-clerk",
        ("EHC-PLT-002",),
        "窗口发卡不要求工作人员确认",
        "issues at the window without a clerk's confirmation",
        _no_clerk,
    ),
    PlatformDefect(
        "forgets-the-clerk",
        ("EHC-PLT-002",),
        "审计中不记录窗口人员",
        "does not write down which clerk confirmed",
        _forgets_the_clerk,
    ),
    PlatformDefect(
        "skips-check-digit",
        ("EHC-PLT-003",),
        "不检查身份证号码的校验码",
        "takes an identity number with a wrong check character for the right one",
        _skips_check_digit,
    ),
    PlatformDefect(
        "ignores-real-name",
        ("EHC-PLT-003",),
        "不理会核验源的答复",
        "issues whatever the register of persons says",
        _ignores_real_name,
    ),
    PlatformDefect(
        "long-life-codes",
        ("EHC-PLT-004",),
        "动态码有效期为三分钟",
        "lets a dynamic code live three minutes",
        _long_life_codes,
    ),
    PlatformDefect(
        "accepts-expired",
        ("EHC-PLT-004",),
        "到期两分钟内的动态码仍被接受",
        "accepts a dynamic code up to two minutes after its end",
        _accepts_expired,
    ),
    PlatformDefect(
        "accepts-replay",
        ("EHC-PLT-005",),
        "同一动态码可多次使用",
        "accepts a dynamic code as often as it is shown",
        _accepts_replay,
    ),
    PlatformDefect(
        "cached-after-close",
        ("EHC-PLT-006",),
        "验过的卡保存在内存中，注销后仍按有效处理",
        "keeps cards it has seen in memory, and does not notice that they are closed",
        _cached_after_close,
    ),
    PlatformDefect(
        "forgets-closings",
        ("EHC-PLT-006",),
        "重启后已注销的卡恢复有效",
        "takes closed cards for active ones after a restart",
        _forgets_closings,
    ),
    PlatformDefect(
        "dies-of-closing",
        ("EHC-PLT-006", "EHC-PLT-010"),
        "收到注销请求即崩溃",
        "dies when a card is to be closed",
        _dies_of_closing,
    ),
    PlatformDefect(
        "old-key-kept",
        ("EHC-PLT-007",),
        "宽限期后仍接受旧密钥的码",
        "accepts codes of an old key after its grace",
        _old_key_kept,
    ),
    PlatformDefect(
        "drops-key-at-once",
        ("EHC-PLT-007",),
        "轮换后旧密钥立即失效，不留宽限期",
        "refuses codes of the old key as soon as there is a new one",
        _drops_key_at_once,
    ),
    PlatformDefect(
        "ignores-type",
        ("EHC-PLT-004", "EHC-PLT-005", "EHC-PLT-007", "EHC-PLT-008"),
        "验码只查卡号，不看码类型和令牌",
        "looks only the card up, whatever the code's type and token",
        _ignores_type,
    ),
    PlatformDefect(
        "ignores-scope",
        ("EHC-PLT-010",),
        "不检查应用的权限范围",
        "lets every application do everything",
        _ignores_scope,
    ),
    PlatformDefect(
        "ignores-terminal",
        ("EHC-PLT-010",),
        "不检查终端是否登记、是否有效",
        "does not ask whether a terminal is enrolled and authorised",
        _ignores_terminal,
    ),
    PlatformDefect(
        "ignores-standing",
        ("EHC-PLT-010",),
        "冻结的机构和应用仍可使用",
        "serves applications and institutions that are not authorised",
        _ignores_standing,
    ),
    PlatformDefect(
        "other-person-elsewhere",
        ("EHC-PLT-011",),
        "同一持卡人在不同机构得到不同的人员标识",
        "tells each institution another person id for the same holder",
        _other_person_elsewhere,
    ),
    PlatformDefect(
        "blind-to-consent",
        ("EHC-PLT-011",),
        "未经授权也能看到其他机构的记录",
        "shows every institution all records, whatever was consented to",
        _blind_to_consent,
    ),
    PlatformDefect(
        "forgets-withdrawal",
        ("EHC-PLT-011",),
        "撤回授权不生效",
        "goes on showing records after a consent was withdrawn",
        _forgets_withdrawal,
    ),
    PlatformDefect(
        "accepts-truncated-proof",
        ("EHC-PLT-008",),
        "只比较令牌证明的前两个字节",
        "compares the first two bytes of a token's proof only",
        hunted.accepts_truncated_mac,
    ),
    PlatformDefect(
        "accepts-flipped-type",
        ("EHC-PLT-008",),
        "动态码自称静态码时按静态码接受",
        "takes a dynamic code that calls itself static for a static one",
        hunted.accepts_flipped_type,
    ),
    PlatformDefect(
        "no-rate-limit",
        ("EHC-PLT-009",),
        "公布配额而不限流",
        "tells its quotas and keeps none of them",
        hunted.no_rate_limit,
    ),
    PlatformDefect(
        "global-limit",
        ("EHC-PLT-009",),
        "所有调用方共用一份配额",
        "counts all callers as one, so that one uses up what belongs to all",
        hunted.global_limit,
    ),
    PlatformDefect(
        "loses-audit-records",
        ("EHC-PLT-012",),
        "每千次验码漏记一次审计",
        "leaves one verification in a thousand out of its audit",
        hunted.loses_audit_records,
    ),
    PlatformDefect(
        "drops-audit-early",
        ("EHC-PLT-012",),
        "审计记录满三十天即删除",
        "drops audit records after thirty days",
        hunted.drops_audit_early,
    ),
    PlatformDefect(
        "acknowledges-before-commit",
        ("EHC-PLT-013",),
        "先应答，后提交",
        "answers a verification before it is committed",
        hunted.acknowledges_before_commit,
    ),
    PlatformDefect(
        "never-syncs",
        ("EHC-PLT-013",),
        "应答前不落盘",
        "answers without waiting for the disk",
        hunted.never_syncs,
    ),
    PlatformDefect(
        "swallows-disk-errors",
        ("EHC-PLT-013",),
        "磁盘出错时仍答成功",
        "answers as if nothing had happened when the disk refuses",
        hunted.swallows_disk_errors,
    ),
    PlatformDefect(
        "fails-on-missing-field",
        ("EHC-PLT-014",),
        "查询缺少字段时内部出错",
        "fails where a question names neither card nor document",
        hunted.fails_on_missing_field,
    ),
    PlatformDefect(
        "crashes-on-odd-payload",
        ("EHC-PLT-015",),
        "过长的扫码内容使解析出错",
        "fails on a scanned text that is too long",
        hunted.crashes_on_odd_payload,
    ),
    PlatformDefect(
        "resurrects-closed-card",
        ("EHC-PLT-016",),
        "已注销的卡解除挂失后恢复有效",
        "makes a closed card active again when it is reported found",
        hunted.resurrects_closed_card,
    ),
    PlatformDefect(
        "identity-in-log",
        ("EHC-PLT-017",),
        "日志中记录证件号码",
        "writes document numbers to its log",
        hunted.identity_in_log,
    ),
    PlatformDefect(
        "serves-real-people",
        ("EHC-PLT-018",),
        "测试平台为真实样式的证件号码发卡",
        "issues cards for numbers that could be a real person's",
        hunted.serves_real_people,
    ),
)

DEFECTS: Mapping[str, PlatformDefect] = MappingProxyType({defect.name: defect for defect in _ALL})


def defect_named(name: str) -> PlatformDefect:
    """The defect of a name.

    Raises:
        PlatformError: there is none.
    """
    if name not in DEFECTS:
        near = difflib.get_close_matches(name, DEFECTS, n=1)
        raise PlatformError(
            f"there is no defect {name!r}",
            where="--defect",
            remedy=f"{f'did you mean {near[0]}? ' if near else ''}`xiangka defects list` names them",
        )
    return DEFECTS[name]
