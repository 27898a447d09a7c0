"""Everything that touches a device: bench files, roles, drivers, emulators, optics, instruments, journal.

Knows nothing of requirements, verdicts or reports, and of the platform only its wire.
"""
