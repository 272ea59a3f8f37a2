"""The schema, one numbered file a step; a database is lifted, never rewritten."""
