"""The roll call (点名): who is expected, what each said last, which zones are swept, and who is missing."""
