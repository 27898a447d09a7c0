"""The reference card-management and verification platform of the electronic health card, in test mode only.

Here live cards, codes, keys, access, verification, storage and the web face; nothing of the harness may.
Everything the province never published is marked "reconstructed".
"""
