"""Scenarios as files: read, checked, run dry, listed; and the questions that they put to a log."""
