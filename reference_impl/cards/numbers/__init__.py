"""Numbers of people, institutions and cards: pure forms and check characters, each after a named standard.

No number is looked up here and none is judged synthetic or real; ``cards.documents`` does that.
"""
