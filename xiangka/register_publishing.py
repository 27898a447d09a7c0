"""The work of ``xiangka register export``."""

from __future__ import annotations

import argparse
from pathlib import Path

from certification.exit_codes import ExitCode
from register.authorisers import demand_authoriser
from register.publishing import export as write_listing
from xiangka.key_secret import open_keys
from xiangka.register_opening import centre_file, now, open_book, read_book


def export(options: argparse.Namespace) -> int:
    """Write the public listing."""
    folder: Path = options.folder
    signer = open_keys(options.keys, options.password_file)
    demand_authoriser(signer)
    with open_book(options) as book:
        if centre_file(options):
            read_book(book, options)
        count = write_listing(book, folder, signer, now())
    print(f"公示 listing: {folder / 'index.html'}，{count} 张证书 certificates")
    return int(ExitCode.PASSED)
