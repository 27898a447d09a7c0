"""What makes evidence hold years later: the chain of records, the manifest, signatures, certificates, the verifier.

Knows files and bytes. What a requirement, a verdict or a device is, it does not know.
"""
