"""How the world reaches the platform: gateways, our own API, pages, the process that serves them. No rule of the
programme is decided here."""
