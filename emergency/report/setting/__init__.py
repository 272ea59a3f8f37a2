"""A report set in one language, as sections of blocks: what HTML and PDF print. Nothing is counted here."""
