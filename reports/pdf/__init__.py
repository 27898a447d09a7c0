"""A run, or a certificate, as paged PDF/A-3: Typst sets templates and plain data. Signing lives in `evidence`."""
