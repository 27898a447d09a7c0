"""Kinds of URL that pyserial does not know, each a module it finds by the scheme: ``protocol_<scheme>``."""
