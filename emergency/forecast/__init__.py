"""How long until enough people have answered: the engine run many times among played people, and what that says."""
