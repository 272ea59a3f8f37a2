-- Every roster that was ever put in force, in order. digest, before: documents; `before` is empty for the first one.
-- What is said here names nobody by number: `note` is the file's name, or what was done to whom by roster id.
create table roster_change (
    n integer primary key,
    at text not null check (length(at) = 27),
    digest text not null check (length(digest) = 64),
    before text not null default '' check (length(before) in (0, 64)),
    people integer not null check (people >= 0),
    by text not null,
    note text not null
) strict;
