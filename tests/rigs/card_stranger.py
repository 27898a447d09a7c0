"""A card written by hand after the protocol's description, with no word of the project's: ``card_stranger.py PORT``.

It is a bank card whose every answer stands here as bytes; the connection to the driver is the card in the slot.
"""

import socket
import sys
import time

ATR = "3B80800101"
ANSWERS = {
    # A directory with one application, in the form of EMV Contactless Book B, table 3-2
    "00A404000E325041592E5359532E444446303100": "6F24840E325041592E5359532E4444463031A512BF0C0F610D4F08A000000333010101"
    "8701019000",
    "00A4040008A00000033301010100": "6F1B8408A000000333010101A50F500454455354 9F38069F02069F3704 9000",
    "80A800000C830A0000000000000000000000": "800A7C00 10010100 18010100 9000",
    "00B2011400": "70065F24033012319000",
    "00B2011C00": "700A5A089999990000000015 9000",
}


def serve(port: int) -> None:
    answers = {ask: bytes.fromhex(answer) for ask, answer in ANSWERS.items()}
    while True:
        try:
            reader = socket.create_connection(("127.0.0.1", port))
            break
        except OSError:
            time.sleep(0.05)
    stream = reader.makefile("rb")
    while head := stream.read(2):
        message = stream.read(int.from_bytes(head, "big"))
        if message == b"\x04":
            answer = bytes.fromhex(ATR)
        elif len(message) == 1:
            continue
        else:
            answer = answers.get(message.hex().upper(), b"\x6a\x82")
        reader.sendall(len(answer).to_bytes(2, "big") + answer)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
