"""Every dialect the platform speaks: where it is served, how far it may be trusted, and its two ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from reference_impl.wire import city_xml, form, front_box, gateway, hn_s, primary_care, soap, wechat
from reference_impl.wire.dialects import GATEWAYS, Dialect, Label
from reference_impl.wire.exchange import Client, Credentials, Order, Profile, RandomBytes, as_named
from reference_impl.wire.outcome_codes import OutcomeCodes
from reference_impl.wire.sm2 import Signer, Verifier


@dataclass(frozen=True)
class Description:
    """What is told of one dialect.

    Attributes:
        name: its key.
        label: how far it may be trusted.
        paths: the addresses it is served at, each in full.
        content_type: of its requests.
        codes: how it says yes and no.
        terminal: where the terminal's name comes from; "" where the dialect names none, and its calls have "".
        window_s: greatest accepted distance between timestamp and clock, either way, in seconds.
    """

    name: str
    label: Label
    paths: tuple[str, ...]
    content_type: str
    codes: OutcomeCodes
    terminal: str
    window_s: int = 300

    @property
    def success_code(self) -> str:
        """The one code that means success."""
        return self.codes.success


def _described(row: Dialect) -> Description:
    return Description(row.name, row.label, tuple(row.paths), gateway.CONTENT_TYPE, row.codes, "term_id", row.window_s)


DIALECTS: Mapping[str, Description] = MappingProxyType(
    {
        dialect.name: dialect
        for dialect in (
            *map(_described, GATEWAYS.values()),
            Description(hn_s.NAME, "reconstructed", (hn_s.PATH,), hn_s.CONTENT_TYPE, hn_s.CODES, "term_id"),
            Description(
                front_box.NAME, "reconstructed", (front_box.PATH,), front_box.CONTENT_TYPE, front_box.CODES, ""
            ),
            Description(wechat.NAME, "published by a vendor", wechat.PATHS, wechat.CONTENT_TYPE, wechat.CODES, ""),
            Description(soap.NAME, "reconstructed", (soap.PATH,), soap.CONTENT_TYPE, soap.CODES, "TERMID"),
            Description(city_xml.NAME, "reconstructed", (city_xml.PATH,), form.CONTENT_TYPE, city_xml.CODES, ""),
            Description(
                primary_care.NAME,
                "reconstructed",
                (primary_care.PATH,),
                form.CONTENT_TYPE,
                primary_care.CODES,
                "",
            ),
        )
    }
)


def profiles(random: RandomBytes, order: Order = as_named) -> Mapping[str, Profile]:
    """Return the server's end of every dialect.

    Args:
        random: gives the nonces of ciphers.
        order: that of what stands around the content of answers in XML; whoever reads JSON before sending it can order
            that later, for no signature covers its text.
    """
    ends: list[Profile] = [
        *map(gateway.GatewayProfile, GATEWAYS.values()),
        front_box.FrontBoxProfile(),
        wechat.WeChatProfile(),
        soap.SoapProfile(order),
        city_xml.CityProfile(order),
        primary_care.PrimaryCareProfile(),
        hn_s.HnSProfile(Verifier, random),
    ]
    return MappingProxyType({end.name: end for end in ends})


@dataclass(frozen=True)
class Caller:
    """What a client needs beside its credentials.

    Attributes:
        credentials: the application's.
        random: where nonces and request numbers come from.
        private_key: the application's SM2 key, 32 bytes, for ``hn-s``.
        hospital_id: the institution, for ``wechat``.
    """

    credentials: Credentials
    random: RandomBytes
    private_key: bytes = b""
    hospital_id: str = ""


def client(name: str, caller: Caller) -> Client:
    """Return a caller's end of the dialect ``name``.

    Raises:
        KeyError: there is no such dialect.
        ValueError: the secret is too short, or a key is missing or not valid.
    """
    row = GATEWAYS.get(name)
    return gateway.GatewayClient(row, caller.credentials) if row else _CLIENTS[name](caller)


def _hn_s(caller: Caller) -> Client:
    return hn_s.HnSClient(caller.credentials, Signer(caller.private_key), caller.random)


_CLIENTS: Mapping[str, Callable[[Caller], Client]] = MappingProxyType(
    {
        hn_s.NAME: _hn_s,
        front_box.NAME: lambda caller: front_box.FrontBoxClient(caller.credentials, caller.random),
        wechat.NAME: lambda caller: wechat.WeChatClient(caller.credentials, caller.hospital_id, caller.random),
        soap.NAME: lambda caller: soap.SoapClient(caller.credentials, caller.random),
        city_xml.NAME: lambda caller: city_xml.CityClient(caller.credentials),
        primary_care.NAME: lambda caller: primary_care.PrimaryCareClient(caller.credentials, caller.random),
    }
)
