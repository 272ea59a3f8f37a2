-- Drills that stand still: nothing of theirs is claimed, and none of their timers wakes anybody, while a row is here. `at`
-- is since when. In a table of its own, so that every drill can be stopped by one statement, whatever state its log is in.
create table held (
    incident text primary key,
    at text not null check (length(at) = 27)
) strict, without rowid;
