-- Planned drills that come again: the truth about them; whatever wakes the server is only an alarm clock.
-- `reached` is how far the schedule has been worked off: what is due later is still to come.
create table schedule (
    id text primary key,
    code text not null unique,
    scenario text not null,
    playbook text not null,
    kind text not null check (kind in ('simulated', 'tabletop', 'callout', 'full')),
    notice text not null check (notice in ('announced', 'window', 'trusted_agents')),
    cron text not null default '',
    once_at text check (once_at is null or length(once_at) = 27),
    director text not null,
    put_by text not null,
    anyway text,
    made_at text not null check (length(made_at) = 27),
    reached text not null check (length(reached) = 27),
    removed_at text check (removed_at is null or length(removed_at) = 27),
    check ((cron = '') <> (once_at is null))
) strict;

-- What became of a moment at which a schedule was due. The primary key is what keeps it from being held twice.
create table occurrence (
    schedule text not null references schedule (id),
    due_at text not null check (length(due_at) = 27),
    status text not null check (status in ('planned', 'running', 'done', 'failed', 'missed')),
    drill text not null default '',
    rating text not null default '',
    says text not null default '',
    earlier integer not null default 0,
    worker text not null default '',
    noted_at text not null check (length(noted_at) = 27),
    primary key (schedule, due_at)
) strict, without rowid;
