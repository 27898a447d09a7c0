"""Institutions, applications and terminals: what is taken, what is refused, and that a secret is told once."""

import pytest
from enrolment import NOW_MS, ORG, refusal_of
from sqlalchemy import select, update

from reference_impl.access import applications, institutions, registrations, standing, terminals
from reference_impl.access.accounts import read_account
from reference_impl.access.applications import Application
from reference_impl.access.institutions import Institution, prefecture_in, read_org_code
from reference_impl.access.prefectures import PREFECTURES, is_prefecture, prefecture_of
from reference_impl.access.registrations import Registered, Registration
from reference_impl.access.scopes import KINDS, LEVELS, SCOPES, default_scopes
from reference_impl.access.standing import Standing
from reference_impl.errors import PlatformError
from reference_impl.refusals import RefusalError
from reference_impl.storage import epoch
from reference_impl.storage.schema import APPS, INSTITUTIONS
from reference_impl.wire.sm2 import generate

SOCIAL_CREDIT = "91350100M000100Y43"
ORGANISATION = "D21435690"


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("439900000001", "439900000001"),
        (SOCIAL_CREDIT, SOCIAL_CREDIT),
        ("D2143569-X", "D2143569X"),
        ("D2143569X", "D2143569X"),
        ("D2143569X43010011A1001", "D2143569X43010011A1001"),
    ],
)
def test_codes_that_institutions_have(code, kept):
    assert read_org_code(code) == kept


@pytest.mark.parametrize(
    "code",
    [
        "",
        "430100000001",
        "43990000000",
        "4399000000011",
        "４３９９００００００01",
        SOCIAL_CREDIT[:-1] + "4",
        SOCIAL_CREDIT.lower(),
        ORGANISATION,
        "D21435690X",
        "D2143569Y43010011A1001",
        "D2143569X43010011Z1001",
        "439900000001\n",
    ],
)
def test_codes_that_no_institution_has(code):
    with pytest.raises(RefusalError) as caught:
        read_org_code(code)
    assert (caught.value.outcome.name, caught.value.field) == ("bad_field", "org_code")


def test_prefectures_of_hunan():
    assert len(PREFECTURES) == 14
    assert all(is_prefecture(code) and prefecture_of(code) == code for code in PREFECTURES)
    assert is_prefecture("439900")
    assert is_prefecture("439917")
    assert not any(is_prefecture(code) for code in ("", "430000", "430102", "440100", "43990", "4399000", "43990x"))
    assert [prefecture_of(region) for region in ("430102", "433127", "439912", "110101", "430000")] == [
        "430100",
        "433100",
        "439912",
        "",
        "",
    ]
    assert prefecture_in("D2143569X43010211A1001") == "430100"
    assert prefecture_in("439905000001") == "439905"
    assert prefecture_in("D2143569X") == prefecture_in(SOCIAL_CREDIT) == ""


def test_an_institution_is_registered_once(enrolment, connection):
    made = enrolment.institution(connection, state=Standing.APPLIED)
    assert institutions.find(connection, ORG) == made == Institution(ORG, "合成医院", "3", "hospital", "439900")
    assert refusal_of(lambda: enrolment.institution(connection)) == "institution_exists"
    assert refusal_of(lambda: institutions.find(connection, "439900000002")) == "unknown_institution"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " 合成"),
        ("name", "合\n成"),
        ("name", "x" * 129),
        ("level", "4"),
        ("kind", "school"),
        ("prefecture", "440100"),
        ("ownership", "state"),
        ("org_code", "430100000001"),
    ],
)
def test_what_an_institution_may_not_say(enrolment, connection, field, value):
    with pytest.raises(RefusalError) as caught:
        enrolment.institution(connection, **{field: value})
    assert (caught.value.outcome.name, caught.value.field) == ("bad_field", field)
    assert connection.execute(select(INSTITUTIONS)).all() == []


def test_institutions_are_listed_a_page_at_a_time(enrolment, connection):
    codes = [f"4399000000{n:02}" for n in range(25)]
    for code in reversed(codes):
        enrolment.institution(connection, code)
    found, after = [], ""
    while page := institutions.page(connection, after, 10):
        assert len(page) <= 10
        found += [institution.org_code for institution in page]
        after = found[-1]
    assert found == codes


def test_an_institution_is_corrected(enrolment, connection):
    enrolment.institution(connection)
    before = epoch.read(connection)
    corrected = Institution(ORG, "合成第一医院", "2", "primary-care", "430100", Standing.FROZEN, "private")
    institutions.correct(connection, corrected)
    # A correction is not a way around the table of changes.
    assert institutions.find(connection, ORG) == Institution(
        ORG, "合成第一医院", "2", "primary-care", "430100", Standing.AUTHORISED, "private"
    )
    assert epoch.read(connection) > before
    standing.change(connection, standing.institution(ORG), Standing.DELETED, enrolment.act())
    assert refusal_of(lambda: institutions.correct(connection, corrected)) == "standing_fixed"


@pytest.mark.parametrize(
    ("level", "kind", "scopes"),
    [
        ("3", "hospital", "issue code verify query link record usage"),
        ("township", "primary-care", "issue code verify query link record usage"),
        ("village", "primary-care", "verify query usage"),
        ("other", "public-health", "verify query record usage"),
        ("other", "online-service", "issue code query link usage"),
        ("other", "bank", "issue code"),
        ("other", "insurance", "verify usage"),
        ("other", "other", "verify"),
        ("village", "bank", ""),
    ],
)
def test_scopes_by_level_and_kind(level, kind, scopes):
    assert " ".join(default_scopes(level, kind)) == scopes


def test_nobody_registers_institutions_by_default():
    assert not any("org" in default_scopes(level, kind) for level in LEVELS for kind in KINDS)


def test_an_application_gets_the_scopes_of_its_institution(enrolment, connection):
    enrolment.institution(connection, level="village", kind="primary-care")
    assert enrolment.app(connection).application.scopes == ("verify", "query", "usage")
    assert enrolment.app(connection, scopes=("usage", "issue", "usage")).application.scopes == ("issue", "usage")
    assert refusal_of(lambda: enrolment.app(connection, scopes=("everything",))) == "bad_field"


def test_a_secret_is_told_once_and_kept_sealed(enrolment, connection):
    app_id = enrolment.one_of_each(connection)
    told = enrolment.app(connection)
    stored = connection.execute(select(APPS).where(APPS.c.app_id == told.application.app_id)).one()
    assert told.secret.encode() not in stored.sealed_secret
    assert told.secret not in repr(told)
    assert read_account(connection, enrolment.keys, told.application.app_id).secret == told.secret
    assert told.secret != read_account(connection, enrolment.keys, app_id).secret
    # Sealed for its own row: another application's place does not open it.
    connection.execute(update(APPS).where(APPS.c.app_id == app_id).values(sealed_secret=stored.sealed_secret))
    with pytest.raises(PlatformError):
        read_account(connection, enrolment.keys, app_id)


def test_another_institutions_key_opens_no_secret(enrolment, connection):
    app_id = enrolment.one_of_each(connection)
    enrolment.institution(connection, "439900000002")
    connection.execute(update(APPS).where(APPS.c.app_id == app_id).values(org_code="439900000002"))
    with pytest.raises(PlatformError):
        read_account(connection, enrolment.keys, app_id)


def test_a_secret_is_replaced(enrolment, connection):
    app_id = enrolment.one_of_each(connection)
    before, moved = read_account(connection, enrolment.keys, app_id).secret, epoch.read(connection)
    fresh = applications.replace_secret(connection, enrolment.keys, app_id, enrolment.random)
    assert read_account(connection, enrolment.keys, app_id).secret == fresh != before
    assert epoch.read(connection) > moved


def test_scopes_are_set_anew(enrolment, connection):
    app_id = enrolment.one_of_each(connection)
    before = epoch.read(connection)
    applications.set_scopes(connection, app_id, ["usage", "verify"])
    assert applications.find(connection, app_id).scopes == ("verify", "usage")
    assert epoch.read(connection) > before
    assert refusal_of(lambda: applications.set_scopes(connection, app_id, [])) == "bad_field"
    assert refusal_of(lambda: applications.set_scopes(connection, app_id, ["all"])) == "bad_field"


def test_an_application_that_signs_has_a_key_and_no_other_has(enrolment, connection):
    enrolment.institution(connection)
    key = generate(enrolment.random).public
    signs = enrolment.app(connection, dialect="hn-s", public_key=key).application
    assert read_account(connection, enrolment.keys, signs.app_id).public_key == key
    off_curve = key[:-1] + bytes((key[-1] ^ 1,))
    for dialect, public_key in (("hn-s", None), ("hn-a", key), ("hn-s", off_curve), ("hn-s", b"\x04" * 65)):
        with pytest.raises(RefusalError) as caught:
            enrolment.app(connection, dialect=dialect, public_key=public_key)
        assert caught.value.field == "public_key"
    assert refusal_of(lambda: enrolment.app(connection, dialect="hn-z")) == "bad_field"


def test_nothing_is_added_beneath_what_is_deleted(enrolment, connection):
    app_id = enrolment.one_of_each(connection)
    assert refusal_of(lambda: enrolment.app(connection, "439900000002")) == "unknown_institution"
    assert refusal_of(lambda: enrolment.terminal(connection, "hn0")) == "unknown_app"
    standing.change(connection, standing.institution(ORG), Standing.DELETED, enrolment.act())
    for call in (
        lambda: enrolment.app(connection),
        lambda: enrolment.terminal(connection, app_id, "T02"),
        lambda: applications.replace_secret(connection, enrolment.keys, app_id, enrolment.random),
        lambda: applications.set_scopes(connection, app_id, SCOPES),
    ):
        assert refusal_of(call) == "standing_fixed"


def test_a_serial_belongs_to_one_terminal_of_the_platform(enrolment, connection):
    here, there = enrolment.one_of_each(connection), enrolment.one_of_each(connection, "439900000002")
    enrolment.terminal(connection, here, "T02", serial="S1")
    assert refusal_of(lambda: enrolment.terminal(connection, here, "T02", serial="S2")) == "terminal_exists"
    for app_id in (here, there):
        assert refusal_of(lambda app_id=app_id: enrolment.terminal(connection, app_id, "T03", "S1")) == "serial_taken"
    standing.change(connection, standing.terminal(here, "T02"), Standing.DELETED, enrolment.act())
    assert refusal_of(lambda: enrolment.terminal(connection, here, "T02", serial="S3")) == "terminal_exists"
    enrolment.terminal(connection, there, "T03", serial="S1")
    assert [terminal.term_id for terminal in terminals.page(connection, there)] == ["T01", "T03"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("term_id", ""),
        ("term_id", "窗口1"),
        ("term_id", "x" * 33),
        ("terminal_type", "03"),
        ("serial", "a b"),
        ("serial", "s" * 65),
        ("filing_number", " "),
        ("filing_number", "备\x00案"),
    ],
)
def test_what_a_terminal_may_not_say(enrolment, connection, field, value):
    app_id = enrolment.one_of_each(connection)
    with pytest.raises(RefusalError) as caught:
        enrolment.terminal(connection, app_id, **({"term_id": "T02"} | {field: value}))
    assert (caught.value.outcome.name, caught.value.field) == ("bad_field", field)


@pytest.mark.parametrize("filing_number", ["none", "湘卫健备〔2019〕159号", "HN-2019/001"])
def test_filing_numbers_of_the_field(enrolment, connection, filing_number):
    app_id = enrolment.one_of_each(connection)
    enrolment.terminal(connection, app_id, "T02", filing_number=filing_number)
    assert terminals.find(connection, app_id, "T02").filing_number == filing_number


def test_a_registration_ends_at_its_hour(enrolment):
    with enrolment.engine.begin() as connection:
        enrolment.institution(connection)
        wanted = Registered(
            Institution("439900000002", "合成卫生院", "township", "primary-care", "439900"),
            Registration(valid_until_ms=NOW_MS + 1000),
        )
        app = Application("", "439900000002", "合成应用", "hn-a", ())
        told = registrations.register(connection, enrolment.keys, ORG, wanted, app, enrolment.random, enrolment.act())
        app_id = told.application.app_id
        enrolment.terminal(connection, app_id)
        for subject in enrolment.subjects("439900000002", app_id)[:2]:
            standing.change(connection, subject, Standing.AUTHORISED, enrolment.act())
    account = enrolment.accounts.find(app_id)
    assert refusal_of(lambda: account.require("T01", "verify", NOW_MS + 999)) == ""
    assert refusal_of(lambda: account.require("T01", "verify", NOW_MS + 1000)) == "app_suspended"
