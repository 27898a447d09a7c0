"""What both ends of a wire must agree on: envelopes, digests, ciphers, payload grammar, code tables.

Pure functions and records only: no socket, file, clock, random source, log or database may live here.
"""
