"""Software twins of devices, each in its own process at the other end of the real wire.

An emulator looks at frames like any stranger would; nothing of what a frame means reaches it another way.
"""
