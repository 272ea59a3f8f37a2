-- Roll calls: one an incident. What ten thousand people answer stands here and not in the incident's own log, which says
-- only that a roll call was opened and how it ended. `head` is the hash of the last line of its own chain.
create table muster (
    incident text primary key references incident (id) deferrable initially deferred,
    code text not null,
    mode text not null check (mode in ('real', 'drill')),
    opened_at text not null check (length(opened_at) = 27),
    closed_at text check (closed_at is null or length(closed_at) = 27),
    lines integer not null default 0 check (lines >= 0),
    head text not null default ''
) strict;

create index muster_by_code on muster (code, opened_at);

-- Who is expected, and the last that was said of each. `place` is a zone of the site, empty where nobody knows.
-- status: nothing yet (''), safe, help, away (not on site). due_at: when that person is asked (again).
create table muster_person (
    incident text not null references muster (incident),
    person text not null,
    place text not null default '',
    place_at text check (place_at is null or length(place_at) = 27),
    status text not null default '' check (status in ('', 'safe', 'help', 'away')),
    status_at text check (status_at is null or length(status_at) = 27),
    reachable integer not null default 1 check (reachable in (0, 1)),
    asked integer not null default 0 check (asked >= 0),
    due_at text check (due_at is null or length(due_at) = 27),
    primary key (incident, person)
) strict, without rowid;

create index muster_state on muster_person (incident, status, place, reachable, asked);
create index muster_due on muster_person (incident, due_at) where status = '' and due_at is not null;
create index muster_of_person on muster_person (person);

-- The lines of a roll call: who was expected, every answer that was ever given, every zone that was swept or given up.
create table muster_line (
    incident text not null references muster (incident),
    seq integer not null check (seq > 0),
    at text not null check (length(at) = 27),
    kind text not null,
    v integer not null default 1,
    data blob not null,
    hash text not null check (length(hash) = 64),
    primary key (incident, seq)
) strict, without rowid;

-- What is known of a zone beside the incident's own steps.
create table muster_zone (
    incident text not null references muster (incident),
    place text not null,
    mark text not null check (mark in ('swept', 'given_up')),
    by text not null,
    at text not null check (length(at) = 27),
    reason text not null default '',
    primary key (incident, place)
) strict, without rowid;

-- People without names: 120 visitors in a cinema. They are never counted as safe; their zone is swept, or given up.
create table muster_group (
    incident text not null references muster (incident),
    place text not null,
    label text not null,
    heads integer not null check (heads > 0),
    primary key (incident, place, label)
) strict, without rowid;

-- People of a list who are not in the roster: visitors, tenants, contractors. Names and numbers stand here alone, so that
-- they can be forgotten.
create table muster_guest (
    id text primary key,
    incident text not null references muster (incident),
    name text not null,
    employer text not null default '',
    number text not null default '',
    language text not null default 'zh',
    two_way integer not null default 1 check (two_way in (0, 1))
) strict;

create index muster_guest_number on muster_guest (number) where number <> '';
