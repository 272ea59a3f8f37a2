"""What a report says, gathered from the log, the book and what is known beside them; a module for each part of it."""
