"""The register of certificates: what was issued, how it stands, and the page that tells the public.

Keeps what ``certification`` decides and ``evidence`` proves; it tests nothing and judges nothing.
"""
