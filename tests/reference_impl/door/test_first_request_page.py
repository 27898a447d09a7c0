"""The page on the first request: its bytes are made anew, by other code than ours as well, and its fields are tried."""

import base64
import hashlib
import itertools
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.padding import PKCS7

from reference_impl.access.accounts import AUTHORISED
from reference_impl.cards.issuance import CHANNELS_OF
from reference_impl.refusals import OUTCOMES
from reference_impl.wire import codetables
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.exchange import Credentials, HttpAnswer, HttpRequest
from reference_impl.wire.gateway import GatewayClient, GatewayProfile

PAGE = Path(__file__).parents[3].joinpath("docs", "first-request.md").read_text()
SECRET = re.search("its secret `(.+?)`", PAGE)[1]
APP_ID, TERM_ID = re.search("The application is `(.+?)`, its terminal `(.+?)`", PAGE).groups()
SENT_MS = int(re.search("timestamp `([0-9]+)`", PAGE)[1])
BAD_FIELD = "110"


def part(title):
    return PAGE.partition(f"### {title}\n")[2].partition("\n### ")[0]


def blocks(title):
    """What stands in the fenced blocks of a part, their indentation taken away."""
    found = re.findall(r"^( *)```(?:json|text|sh)\n(.*?)\n\1```$", part(title), re.MULTILINE | re.DOTALL)
    return [re.sub(f"^{margin}", "", text, flags=re.MULTILINE) for margin, text in found]


(CONTENT,), (DIGESTED,), (DIGEST,) = blocks("The content"), blocks("The digested text"), blocks("The digest")
CIPHER_TEXT, COMMANDS = blocks("The cipher text")
ENVELOPE, ANSWER = (json.loads(*blocks(f"The {which}")) for which in ("envelope", "answer"))
ANSWERED, ANSWER_DIGESTED = blocks("The answer opened")


@pytest.fixture
def database():
    return "sqlite"


def digested(fields, content):
    """The digested text as the page explains it, made without the platform's code."""
    covered = {name: value for name, value in fields.items() if name != "digest"} | {"biz_content": content}
    return "&".join(f"{name}={covered[name]}" for name in sorted(covered)) + f"&app_secret={SECRET}"


def sm3(text):
    return hashlib.new("sm3", text.encode()).hexdigest().upper()


def encrypted(content):
    padder = PKCS7(128).padder()
    padded = padder.update(content.encode()) + padder.finalize()
    sealing = Cipher(SM4(SECRET[:16].encode("ascii")), ECB()).encryptor()  # noqa: S305 - what the dialect asks for
    return base64.b64encode(sealing.update(padded) + sealing.finalize()).decode()


def test_the_bytes_are_those_the_explanation_leads_to():
    assert digested(ENVELOPE, CONTENT) == DIGESTED
    assert sm3(DIGESTED) == DIGEST == ENVELOPE["digest"]
    assert encrypted(CONTENT) == CIPHER_TEXT == ENVELOPE["biz_content"]
    assert digested(ANSWER, ANSWERED) == ANSWER_DIGESTED
    assert (sm3(ANSWER_DIGESTED), encrypted(ANSWERED)) == (ANSWER["digest"], ANSWER["biz_content"])
    assert SECRET[:16] in part("The cipher text")


def test_openssl_says_the_same(tmp_path):
    program = shutil.which("openssl")
    assert program, "the page gives openssl's commands, and every system of ours has it"
    (tmp_path / "digested.txt").write_text(DIGESTED)
    (tmp_path / "content.json").write_text(CONTENT)
    said = [
        subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True).stdout  # noqa: S602
        for line in COMMANDS.splitlines()
    ]
    # `tr` raises the letters of openssl's own words too; the digest stands at the end.
    assert said[0].strip().endswith(DIGEST)
    assert said[1].strip() == CIPHER_TEXT


def test_a_callers_end_seals_and_opens_them():
    end = GatewayClient(HN_A, Credentials(APP_ID, SECRET, TERM_ID))
    sent = end.seal_call(ENVELOPE["method"], json.loads(CONTENT), SENT_MS)
    assert (sent.http.path, json.loads(sent.http.body)) == ("/gateway", ENVELOPE)
    opened = end.open_answer(sent, HttpAnswer(200, "", json.dumps(ANSWER).encode()), SENT_MS)
    assert (opened.success, dict(opened.biz)) == (True, json.loads(ANSWERED))


@pytest.fixture
def vendor(bench, monkeypatch):
    """The page's application at a platform of its moment; gives what answers a body."""
    platform = bench.platform
    known = platform.accounts.find(platform.credentials.app_id)
    account = replace(known, app_id=APP_ID, secret=SECRET, terminals={TERM_ID: AUTHORISED})
    monkeypatch.setattr(platform.accounts, "find", {APP_ID: account}.get)
    bench.clock.now = SENT_MS / 1000

    def answer(body):
        http = HttpRequest("/gateway", "application/json", body)
        return json.loads(bench.wait(platform.gateway.answer(GatewayProfile(HN_A), http, "127.0.0.1")).body)

    return answer


def test_a_platform_answers_the_pages_bytes_as_the_page_says(vendor):
    answer = vendor(json.dumps(ENVELOPE).encode())
    end = GatewayClient(HN_A, Credentials(APP_ID, SECRET, TERM_ID))
    opened = end.open_fields(answer, ENVELOPE["method"], SENT_MS)
    assert set(answer) == set(ANSWER)
    assert (answer["code"], answer["message"]) == (ANSWER["code"], ANSWER["message"])
    assert {name: len(value) for name, value in opened.biz.items()} == {
        name: len(value) for name, value in json.loads(ANSWERED).items()
    }
    assert vendor(json.dumps(ENVELOPE).encode())["code"] == "108"


def test_blanks_and_the_order_of_fields_are_free(vendor):
    content = json.dumps(dict(reversed(json.loads(CONTENT).items())), indent=3)
    fields = ENVELOPE | {"biz_content": encrypted(content), "digest": sm3(digested(ENVELOPE, content))}
    assert vendor(json.dumps(dict(reversed(fields.items())), indent=2).encode())["code"] == "000"


def with_content(**changed):
    fields = ENVELOPE | changed
    return fields | {"digest": sm3(digested(fields, CONTENT))}


MISTAKES = {
    "101 malformed_request": [ENVELOPE | {"timestamp": SENT_MS}, ENVELOPE | {"digest": "A&B"}],
    "102 unsupported_profile": [with_content(version="1"), with_content(digest_type="MD5"), with_content(enc_type="x")],
    "103 unknown_app": [with_content(app_id="another")],
    "105 terminal_refused": [with_content(term_id="another")],
    "106 bad_digest": [
        ENVELOPE | {"digest": sm3(digested(ENVELOPE, CIPHER_TEXT))},
        ENVELOPE | {"digest": DIGEST.lower()},
        ENVELOPE | {"digest": hashlib.new("sm3", DIGESTED.encode("gbk")).hexdigest().upper()},
    ],
    "107 stale_timestamp": [
        with_content(timestamp=str(SENT_MS // 1000)),
        with_content(timestamp=str(SENT_MS + 300_001)),
    ],
    "108 replayed_request": [ENVELOPE],
    "110 bad_field": [],
}


@pytest.mark.parametrize("told", MISTAKES)
def test_what_goes_wrong_first_is_answered_as_told(vendor, told):
    code, name = told.split()
    assert f"| {code} `{name}` |" in PAGE
    assert OUTCOMES[code].name == name
    if code == "108":
        vendor(json.dumps(ENVELOPE).encode())
    assert {vendor(json.dumps(wrong).encode())["code"] for wrong in MISTAKES[told]} <= {code}


def test_every_mistake_of_the_page_is_tried():
    assert re.findall(r"^\| ([0-9]{3}) `", PAGE, re.MULTILINE) == [told[:3] for told in MISTAKES]


METHODS = re.findall(r"^### `(ehc\.[a-z.]+)`", PAGE, re.MULTILINE)
TABLES = {
    row[0]: {code: words.removesuffix(" †") for code, words in re.findall("`([0-9]+)` ([^·|]+?)(?= ·| *$)", row[1])}
    for row in re.findall(r"^\| ([a-z ]+) \| (`.+) \|$", part("Tables"), re.MULTILINE)
}


def rows(method):
    """Fields, whether they are needed, their table and example, as the page has them."""
    listed = PAGE.partition(f"### `{method}`")[2].partition("\n### ")[0]
    for line in re.findall(r"^\| (`.+)\|$", listed, re.MULTILINE):
        names, needed, _, table, example = (cell.strip() for cell in line.split("|"))
        for name in re.findall("`([A-Za-z_]+)`", names):
            yield name, needed, table, example.strip("`")


class Tried:
    """A method's fields filled with the page's examples, asked at a platform that has a card."""

    def __init__(self, bench, method):
        self.bench, self.method = bench, method
        registration = {name: example for name, _, _, example in rows("ehc.ehealthcard.register") if example}
        self.card_id = str(bench.call("ehc.ehealthcard.register", registration).biz["ehealth_card_id"])
        self.rows = list(rows(method))
        self._numbers = itertools.count()

    def fields(self, *, without="", ways="①"):
        spelt = {"…card": lambda: self.card_id, "…code": lambda: self.bench.dynamic(self.card_id)}
        return {
            name: spelt.get(example, lambda example=example: example)()
            for name, needed, _, example in self.rows
            if example and name != without and (needed[:1] not in "①②③" or needed[:1] in ways)
        }

    def ask(self, fields):
        # A report is known by its number: sent with other content it would be refused for that.
        numbered = {"seq_no": f"{fields['seq_no']}-{next(self._numbers)}"} if "seq_no" in fields else {}
        return self.bench.call(self.method, fields | numbered)


@pytest.fixture
def tried(bench):
    bench.clock.now = SENT_MS / 1000
    return lambda method: Tried(bench, method)


def test_the_methods_that_most_begin_with_are_told():
    assert {method.rpartition(".")[2] for method in METHODS} == {
        "register", "generate", "verify", "query", "close", "report",
    }  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_what_is_needed_is_needed_and_nothing_else(tried, method):
    asked = tried(method)
    assert asked.ask(asked.fields()).success
    ways = sorted({needed[0] for _, needed, _, _ in asked.rows} & set("①②③"))
    for way in ways:
        assert asked.ask(asked.fields(ways=way)).success, way
        for name in [name for name, needed, _, _ in asked.rows if needed[0] == way]:
            assert asked.ask(asked.fields(ways=way, without=name)).code == BAD_FIELD, name
    for name, needed, _, example in asked.rows:
        if needed[0] in "①②③" or not example:
            continue
        answer = asked.ask(asked.fields(without=name))
        if needed.startswith("yes"):
            other = re.match("yes, ([0-9]{3})", needed)
            assert answer.code == (other[1] if other else BAD_FIELD), name
        elif name != "ehealth_card_id":
            assert answer.success, name


@pytest.mark.parametrize("method", METHODS)
def test_a_code_outside_its_table_is_refused(tried, method):
    asked = tried(method)
    for name, needed, table, example in asked.rows:
        if table:
            assert not example or example in TABLES[table], name
            fields = asked.fields(ways=needed[0] if needed[0] in "①②③" else "①")
            assert asked.ask(fields | {name: "7777"}).code == BAD_FIELD, name


def test_a_visit_without_the_card_has_a_number(tried):
    asked = tried("ehc.usage.report")
    without = {name: value for name, value in asked.fields().items() if name not in ("ehealth_card_id", "has_card")}
    assert asked.ask(without).success
    assert asked.ask({name: value for name, value in without.items() if name != "visit_no"}).code == BAD_FIELD


@pytest.mark.parametrize("method", METHODS)
def test_what_is_answered_is_told(tried, method):
    asked = tried(method)
    told = answered(method)
    if "what verification does" in told:
        told += answered("ehc.ehealthcode.verify")
    assert set(asked.ask(asked.fields()).biz) <= set(re.findall("`([A-Za-z_]+)`", told))


def answered(method):
    return PAGE.partition(f"### `{method}`")[2].partition("\nanswers ")[2].partition("\n### ")[0]


def test_the_tables_are_the_platforms():
    assert TABLES.pop("id types") == dict(codetables.ID_TYPES)
    assert TABLES.pop("channels") == dict(codetables.CHANNELS)
    assert TABLES.pop("steps") == dict(codetables.STEPS)
    assert TABLES.pop("sexes") == dict(codetables.SEXES)
    assert TABLES.pop("card states") == dict(codetables.CARD_STATES)
    assert set(TABLES.pop("apply types")) == set(CHANNELS_OF)
    assert set(TABLES.pop("code types")) == {"0", "1"}
    assert TABLES == {}
