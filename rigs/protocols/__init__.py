"""Scanner protocols as codecs: bytes in, frames out, no I/O. Each says which document it follows."""
