"""Both ends of every dialect, with credentials made for them."""

import dataclasses
from random import Random

from reference_impl.wire.exchange import Credentials
from reference_impl.wire.registry import DIALECTS, Caller, client, profiles
from reference_impl.wire.sm2 import generate
from reference_impl.wire.vocabulary import REGIONS, VERIFY

NOW = 1_800_000_000_000
RANDOM = Random(7)
APP, PLATFORM = generate(RANDOM.randbytes), generate(RANDOM.randbytes)
CREDENTIALS = Credentials("app-1", "0123456789abcdefghij", "T01", APP.public)
OTHER = dataclasses.replace(CREDENTIALS, app_secret="another secret, as long", public_key=PLATFORM.public)
PROFILES = profiles(RANDOM.randbytes)
BIZ = {"ehealth_code": "0" * 64 + ":1", "medstepcode": "010101", "name": "张三", "id_type": "01"}
ANSWER = {"ehealth_card_id": "A" * 64, "name": "张三", "id_type": "01", "gender": "0"}

EVERY = sorted(DIALECTS)
SIGNED_ANSWERS = [name for name in EVERY if name != "wechat"]
BOUND_ANSWERS = ["city", "front-box", "hn-s", "primary-care", "soap", "wechat"]


def method_of(name):
    return REGIONS if name == "primary-care" else VERIFY


def answer_of(name):
    return {"code": ("430100", "430200"), "name": ("长沙", "株洲")} if name == "primary-care" else ANSWER


def caller(name, credentials=CREDENTIALS):
    return client(name, Caller(credentials, RANDOM.randbytes, APP.private, "90003"))


def sent(name, biz=None, now=NOW, **options):
    return caller(name, **options).seal_call(method_of(name), BIZ if biz is None else biz, now)


def served(name, http, now=NOW, credentials=CREDENTIALS):
    call = PROFILES[name].receive(http)
    return PROFILES[name].line(credentials).open(call, now)


def answered(name, asked, outcome="000", message="成功", biz=None, now=NOW, credentials=CREDENTIALS):
    call = PROFILES[name].receive(asked.http)
    biz = answer_of(name) if biz is None else biz
    return PROFILES[name].line(credentials).seal(call, outcome, message, biz, now)
