"""Drills that reach nobody: in memory, over a store on a virtual clock, at a table; kept, listed, played once more."""
