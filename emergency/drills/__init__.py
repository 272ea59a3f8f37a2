"""Drills: the engine of a real night, rehearsed.

`scenario` says what happens, `model` how people answer, `rehearsal` runs both in memory; `conduct` runs a drill among
real people through its `book`; `gate` stands before the telephones.
"""
