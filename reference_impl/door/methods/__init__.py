"""The methods of the gateway by area: field names of the wire on one side, the platform's rooms on the other.

Field names follow the ``ehc.*`` interface notes of hospital vendors; meanings those do not give are reconstructed.
"""
