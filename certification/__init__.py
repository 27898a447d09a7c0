"""The certification programme: what is demanded, how it is judged, what was decided.

Pure: reads only the data beside it, imports no other room, touches no device and no network.
"""
