"""The optical bench: symbols are drawn, distorted and shown; whoever looks fetches the current frame.

Nothing here knows who looks or what is being tested.
"""
