"""Bench files of a platform: what they may bind, what counts as real, what a report may see of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rigs.bench_file import load_bench
from rigs.errors import BenchFileError
from rigs.masked_settings import without_secrets
from rigs.platform_credentials import load_platform_credentials

REFERENCE = "name = 'p'\n[platform]\ndriver = 'hn-a'\n[platform.reference]\n"
SOMEONES = "name = 'p'\n[platform]\ndriver = 'hn-a'\nurl = 'https://platform.example'\ncredentials = 'c.json'\n"
SECRET = "0123456789abcdef"


@pytest.fixture
def bench(tmp_path):
    def load(text: str):
        file = tmp_path / "bench.toml"
        file.write_text(text, encoding="utf-8")
        return load_bench(file)

    return load


def test_a_bench_without_a_scanner_is_one_for_a_platform(bench):
    file = bench(REFERENCE)
    assert (file.subject, file.emulated, file.scanner) == ("platform", True, None)
    shipped = Path(__file__).parents[2] / "rigs" / "benches"
    assert load_bench(shipped / "reference-platform.toml").subject == "platform"
    assert load_bench(shipped / "emulated-gm65.toml").subject == "terminal"


def test_a_url_counts_as_real_only_when_the_file_declares_it(bench):
    assert bench(SOMEONES).emulated
    assert not bench(SOMEONES + "real = true\n").emulated


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (REFERENCE + "speed = 3\n", "unknown key 'platform.reference.speed'"),
        (REFERENCE + "test_clok = true\n", "did you mean 'test_clock'?"),
        (REFERENCE + "code_life_s = 0\n", "platform.reference.code_life_s"),
        (REFERENCE + "apart_server_url = 'sqlite:///x'\n", "platform.reference.apart_server_url"),
        (
            REFERENCE.replace("[platform.reference]", "real = true\n[platform.reference]"),
            "describe a platform at `url`",
        ),
        (REFERENCE + "[keyboard]\ndriver = 'hid-stream'\nurl = 'socket://h:1'\n", "key 'presenter' is missing"),
        (REFERENCE + "[presenter]\ndriver = 'frame-port'\n", "key 'scanner' is missing"),
        (SOMEONES.replace("credentials = 'c.json'\n", ""), "needs `credentials`"),
        ("name = 'p'\n", "key 'platform' is missing"),
    ],
)
def test_what_does_not_fit_together_is_named(text, said, bench):
    with pytest.raises(BenchFileError) as caught:
        bench(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_options_become_those_of_the_command(bench):
    tables = (
        "code_life_s = 30\nquota_app = 5\nquota_terminal = 6\nquota_address = 7\nquota_wrong = 0\ntest_clock = true\n"
        "database_url = 'postgresql://u:p@h/d'\n"
    )
    reference = bench(REFERENCE + tables).platform.reference
    assert reference.arguments() == [
        *("--test-clock", "--code-life", "30"),
        *("--quota", "app=5", "--quota", "terminal=6", "--quota", "address=7", "--quota", "wrong=0"),
        *("--database", "postgresql://u:p@h/d"),
    ]
    assert bench(REFERENCE).platform.reference.arguments() == []
    apart = bench(REFERENCE + "apart_server_url = 'postgresql://u:p@h/d'\n").platform.reference
    assert apart.arguments() == [], "the bench's own platform stays where it is"


def test_a_report_sees_neither_the_database_nor_where_the_credentials_are(bench):
    for key in ("database_url", "apart_server_url"):
        shown = str(bench(REFERENCE + f"{key} = 'postgresql://user:password@host/d'\n").settings())
        assert "postgresql" in shown
        assert "password" not in shown
        assert "host" not in shown
    assert "c.json" in str(bench(SOMEONES.replace("c.json", "/home/me/c.json")).settings())
    assert "/home/me" not in str(bench(SOMEONES.replace("c.json", "/home/me/c.json")).settings())


MASKED = {
    "a user": ({"url": "https://user:open@host/x"}, {"url": "https://•••@host/x"}),
    "a query": ({"url": "socket://[::1]:5?access_key=open&a=1"}, {"url": "socket://[::1]:5?access_key=•••&a=1"}),
    "a name": ({"api_token": "open", "keys": ["open"]}, {"api_token": "•••", "keys": ["•••"]}),
    "a name above": ({"a": {"Password": {"is": "open"}}}, {"a": {"Password": {"is": "•••"}}}),
    "no secret": ({"token_life_s": 5, "keyboard": "wedge", "at": "a@b"},) * 2,
}


@pytest.mark.parametrize("what", MASKED)
def test_what_opens_a_door_is_masked_wherever_a_table_has_it(what):
    told, shown = MASKED[what]
    assert without_secrets(told) == shown


def test_no_address_in_a_report_tells_a_password(bench):
    shown = bench(SOMEONES.replace("://", "://user:open@", 1)).settings()
    assert "user:open" not in str(shown)
    assert "•••@" in str(shown)


def test_credentials_bring_terminals_and_tokens_along(tmp_path):
    file = tmp_path / "c.json"
    file.write_text(
        f'{{"app_id": "a", "app_secret": "{SECRET}", "term_id": "T2", "terminals": ["T1", "T2"], "admin_token": "x",'
        '"officer_tokens": ["y", "z"]}'
    )
    found = load_platform_credentials(file)
    assert found.terminals == ("T2", "T1")
    assert found.tokens == {"admin": "x", "officer": "y", "officer2": "z"}
    assert found.at("T1").term_id == "T1"
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        '{"app_id": "a", "app_secret": "short", "term_id": "t"}',
        f'{{"app_id": 1, "app_secret": "{SECRET}"}}',
    ],
)
def test_credentials_that_cannot_be_used_are_refused_in_one_line(text, tmp_path):
    file = tmp_path / "c.json"
    file.write_text(text)
    with pytest.raises(BenchFileError, match="no usable credentials") as caught:
        load_platform_credentials(file)
    assert SECRET not in str(caught.value)
