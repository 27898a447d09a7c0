"""Keys of signers: in encrypted files or inside a token. No key of a signer ever stands in a run."""
