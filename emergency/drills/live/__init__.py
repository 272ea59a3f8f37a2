"""Drills among people: what may be done with one and when, its course, the gate before the telephones, the brake."""
