"""``xiangka platform ask``: a question sealed, sent and opened, in every dialect, told to people and to programs."""

import json
import secrets
import shlex
from pathlib import Path

import httpx
import pytest
from babbler import babbling
from test_platform_commands import xiangka

from fixtures.residents import check_character
from reference_impl.wire.registry import DIALECTS
from reference_impl.wire.sm2 import generate
from xiangka.platform_ask import full_name

QUERY, REGISTER = "ehc.ehealthcode.query", "ehc.ehealthcard.register"
PAGE = Path(__file__).parents[2].joinpath("docs", "first-request.md")
KEYS = generate(secrets.token_bytes)
ORG = "439900000088"


def resident(serial):
    body = f"43990019900102{serial:03d}"
    return {"id_type": "01", "id_no": body + check_character(body), "name": "合成来客"}


def words(fields):
    return [f"{name}={value}" for name, value in fields.items()]


@pytest.fixture
def ask(platform):
    def asked(method, fields, *more, credentials=None):
        return xiangka("ask", method, *words(fields), "--credentials", credentials or platform.credentials, *more)

    return asked


@pytest.fixture(scope="module")
def enrolled(platform, tmp_path_factory):
    """A credentials file of an application of a dialect, enrolled at its institution."""
    told = json.loads(platform.credentials.read_text())
    folder = tmp_path_factory.mktemp("applications")

    def post(path, **body):
        headers = {"Authorization": f"Bearer {told['admin_token']}"}
        answer = httpx.post(f"{platform.url}/api/v1{path}", json=body, headers=headers, timeout=60)
        assert answer.is_success, answer.text
        return answer.json()

    def authorised(path):
        post(f"{path}/state", state="authorised", reason="test")

    post("/institutions", org_code=ORG, name="合成问询医院", level="2", kind="hospital", prefecture="439902")
    authorised(f"/institutions/{ORG}")

    def enrol(dialect):
        more = {"public_key": KEYS.public.hex()} if dialect == "hn-s" else {}
        scopes = ["issue", "query"]
        made = post(f"/institutions/{ORG}/apps", name="问询", dialect=dialect, scopes=scopes, **more)
        app_id = made["app_id"]
        authorised(f"/apps/{app_id}")
        device = {"term_id": "T01", "terminal_type": "01", "serial": f"SYN-{app_id}", "filing_number": "none"}
        post(f"/apps/{app_id}/terminals", **device)
        authorised(f"/apps/{app_id}/terminals/T01")
        document = {"url": platform.url, "dialect": dialect, "term_id": "T01", "hospital_id": "90003"}
        document |= {"app_id": app_id, "app_secret": made["app_secret"], "private_key": KEYS.private.hex()}
        file = folder / f"{dialect}.json"
        file.write_text(json.dumps(document))
        return file

    return enrol


def test_a_person_reads_outcome_and_answer_without_the_identity_number(ask):
    someone = resident(1)
    done = ask("register", someone)
    assert done.returncode == 0, done.stderr
    first, outcome, *fields = done.stdout.splitlines()
    assert first.startswith(f"{REGISTER} · hn-a · http://127.0.0.1:")
    assert outcome == "000  成功 / ok"
    assert [line.split()[0] for line in fields] == ["ehealth_card_id", "mindex_id"]
    done = ask("query", {"id_type": "01", "id_no": someone["id_no"]})
    assert done.returncode == 0
    assert someone["id_no"] not in done.stdout
    assert f"{someone['id_no'][:6]}***********{someone['id_no'][-1]}" in done.stdout
    assert "合成来客" in done.stdout


def test_show_leaves_the_number_whole(ask):
    someone = resident(2)
    ask("register", someone)
    assert someone["id_no"] in ask("query", {"id_type": "01", "id_no": someone["id_no"]}, "--show").stdout


def test_a_program_reads_json(ask):
    someone = resident(3)
    told = json.loads(ask("register", someone, "--json").stdout)
    assert (told["method"], told["dialect"], told["success"], told["signed"]) == (REGISTER, "hn-a", True, True)
    assert told["outcome_words"] == {"zh": "成功", "en": "ok"}
    found = json.loads(ask("query", {"ehealth_card_id": told["answer"]["ehealth_card_id"]}, "--json").stdout)
    assert found["answer"]["id_no"].startswith("439900*")


def test_a_list_in_an_answer_stands_one_value_a_line(ask):
    card_id = json.loads(ask("register", resident(4), "--json").stdout)["answer"]["ehealth_card_id"]
    done = ask("generate", {"ehealth_card_id": card_id, "ewmbs": "0", "count": "2"})
    assert done.stdout.count(f"{card_id}:0:") == 2


def test_a_refusal_is_told_in_both_languages_and_exits_1(ask):
    done = ask("query", {"id_type": "01"})
    assert done.returncode == 1
    assert done.stdout.splitlines()[1] == "110  业务字段缺失或非法 / business field missing or invalid: id_no"
    told = json.loads(ask("query", {"id_type": "01"}, "--json").stdout)
    assert (told["outcome"], told["outcome_name"], told["success"]) == ("110", "bad_field", False)
    assert ask("ehc.no.such", {}).stdout.splitlines()[1].startswith("109  方法不存在")


def test_a_refusal_without_a_signature_says_that_it_proves_nothing(ask):
    done = ask("query", {"id_type": "01"}, "--dialect", "sc")
    assert done.returncode == 1
    assert done.stdout.splitlines()[1:3] == ["103  应用未登记 / unknown application", "code 00"]
    assert "the answer is not signed" in done.stdout


def test_an_answer_that_is_a_problem_is_told(ask, platform):
    done = ask("query", {"id_type": "01"}, "--target", f"{platform.url}/admin")
    assert done.returncode == 1
    assert "HTTP 405 method_not_allowed" in done.stdout


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if name != "primary-care"])
def test_every_dialect_that_issues_and_finds_cards(ask, enrolled, dialect):
    file, someone = enrolled(dialect), resident(100 + list(DIALECTS).index(dialect))
    done = ask("register", someone, credentials=file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"· {dialect} ·" in done.stdout
    assert "成功 / ok" in done.stdout
    card_id = json.loads(ask("register", someone, "--json", credentials=file).stdout)["answer"]["ehealth_card_id"]
    assert len(card_id) == 64


def test_short_names():
    assert full_name("register") == REGISTER
    assert full_name("query") == QUERY
    assert full_name("usage.report") == "ehc.usage.report"
    assert full_name("verify") == "ehc.ehealthcode.verify"
    assert full_name("ehc.anything.else") == "ehc.anything.else"


@pytest.mark.parametrize(
    ("more", "code", "told"),
    [
        (("--dialect", "x"), 4, "there is no dialect x; name one of hn-a"),
        (("--dialect", "hn-s"), 4, "these credentials cannot speak this dialect"),
        (("--target", "nowhere"), 4, "no address of a platform"),
        (("--target", "http://127.0.0.1:1"), 3, "no answer (ConnectError); start the platform"),
        (("--ca", "none-such.pem"), 3, "no answer (FileNotFoundError)"),
    ],
)
def test_mistakes_are_told_in_one_line(ask, more, code, told):
    done = ask("query", {"id_type": "01"}, *more)
    assert (done.returncode, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    assert told in line


def test_fields_and_methods_that_are_none(ask, platform):
    for given in (["id_type"], ["=x"], ["id_type=01", "id_type=02"]):
        done = xiangka("ask", "query", *given, "--credentials", platform.credentials)
        assert done.returncode == 4
        assert len(done.stderr.splitlines()) == 1
    done = ask("ehc.ehealthcard.lost", {}, "--dialect", "wechat")
    assert "wechat has no such method" in done.stderr


def test_what_answers_something_else_is_no_platform(ask):
    with babbling() as url:
        done = ask("query", {"id_type": "01"}, "--target", url)
    assert done.returncode == 3
    assert "answered something that is not hn-a" in done.stderr


def test_the_command_of_the_page_on_the_first_request(platform):
    block = PAGE.read_text().partition("```sh\n")[2].partition("```")[0].replace("\\\n", " ")
    (line,) = [line for line in block.splitlines() if " ask " in line]
    program, command, *words_of_it, option, _ = shlex.split(line)
    assert (program, command, option) == ("xiangka", "platform", "--credentials")
    done = xiangka(*words_of_it, option, platform.credentials)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ehealth_code " in done.stdout, "a window is given the code to print"
