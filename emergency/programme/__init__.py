"""The drill programme: what is owed, what is planned, what was practised, and the evidence for it."""
