-- Tests of telephones: what was sent to which of a person's numbers, and what came of it. The number itself is not
-- here: `number` counts in the roster with the digest `roster`, so that a number changed later has proved nothing.
create table proof (
    id text primary key,
    person text not null,
    channel text not null check (channel in ('sms', 'voice')),
    number integer not null check (number >= 0),
    roster text not null,
    code text not null,
    asked_at text not null check (length(asked_at) = 27),
    taken_at text check (taken_at is null or length(taken_at) = 27),
    delivered_at text check (delivered_at is null or length(delivered_at) = 27),
    answered_at text check (answered_at is null or length(answered_at) = 27),
    failed text not null default '',
    provider text not null default '',
    provider_id text,
    check ((taken_at is null) = (provider_id is null))
) strict;

create index proof_person on proof (person, asked_at);
