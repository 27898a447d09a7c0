"""A run, or a certificate, as paged PDF/A-3: set by Typst from templates and plain data. Signing lives in `evidence`."""
