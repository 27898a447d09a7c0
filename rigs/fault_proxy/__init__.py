"""A TCP proxy that spoils the way to a platform on purpose, in a process of its own. Knows no requirement, no dialect.

Lots, delays and pacing are pure; ``connection`` and ``serving`` hold what touches a socket.
"""
