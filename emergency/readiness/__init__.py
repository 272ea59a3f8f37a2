"""Readiness: if it happened now, or at any change of shift in the days ahead, who would fill each role of each plan?

The pure part, who fills what, is `core/readiness.py`. Here: `look.py` follows the roster through the days, `series.py`
groups what it finds, `documents.py` and `lines.py` put it into words, `board.py` asks the installation.
"""
