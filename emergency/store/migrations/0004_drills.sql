-- Drills: planned, released, run, evaluated. One row a drill; all that was done stands in its book. `incident` is empty
-- until it has begun. A real incident may have a book as well: what observers and reviewers say of it afterwards.
create table drill (
    id text primary key,
    code text not null unique,
    kind text not null check (kind in ('simulated', 'tabletop', 'callout', 'full')),
    playbook text not null,
    scenario text not null default '',
    incident text,
    planned_at text not null check (length(planned_at) = 27),
    begins_at text check (begins_at is null or length(begins_at) = 27),
    ended_at text check (ended_at is null or length(ended_at) = 27)
) strict;

create index drill_incident on drill (incident) where incident is not null;
create index drill_open on drill (planned_at) where ended_at is null;

-- The book of a drill, or of an incident: control, observations, ratings, corrective actions. Chained as a log is, under a
-- name of its own. `subject` is the id of the drill or of the incident.
create table book (
    subject text not null,
    seq integer not null check (seq > 0),
    at text not null check (length(at) = 27),
    kind text not null,
    v integer not null default 1,
    data blob not null,
    hash text not null check (length(hash) = 64),
    primary key (subject, seq)
) strict, without rowid;

-- How far each book goes, and the hash of its last entry: entries that are cut off at its end are missed.
create table book_head (
    subject text primary key,
    seq integer not null check (seq > 0),
    hash text not null check (length(hash) = 64)
) strict;
