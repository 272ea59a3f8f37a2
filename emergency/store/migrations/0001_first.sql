-- Times are text in one width, 2026-03-01T09:00:00.000000Z, so that they sort.

create table document (
    digest text primary key,
    kind text not null check (kind in ('playbook', 'site', 'roster', 'compiled')),
    body blob not null
) strict;

-- What is in force now: the site's digest, the roster's digest, and the compiled form of a file by its own digest.
create table current (
    name text primary key,
    digest text not null,
    at text not null check (length(at) = 27)
) strict;

create table incident (
    id text primary key,
    code text not null,
    mode text not null check (mode in ('real', 'drill')),
    playbook text not null,
    place text not null,
    opened_at text not null check (length(opened_at) = 27),
    closed_at text check (closed_at is null or length(closed_at) = 27),
    version integer not null check (version > 0),
    head text not null check (length(head) = 64)
) strict;

create index incident_by_code on incident (code, opened_at);
create index incident_open on incident (opened_at) where closed_at is null;

-- The log. The primary key is the lock: two writers cannot both write event 42.
create table event (
    incident text not null references incident (id) deferrable initially deferred,
    seq integer not null check (seq > 0),
    at text not null check (length(at) = 27),
    kind text not null,
    v integer not null default 1,
    data blob not null,
    hash text not null check (length(hash) = 64),
    primary key (incident, seq)
) strict, without rowid;

create table outbox (
    id text primary key,
    incident text,
    alert text,
    person text not null,
    channel text not null check (channel in ('sms', 'voice')),
    mode text not null check (mode in ('real', 'drill')),
    number integer not null default 0,
    urgency integer not null,
    status text not null check (
        status in ('queued', 'sending', 'sent', 'delivered', 'failed', 'unknown', 'dropped')
    ),
    attempt integer not null default 0,
    line blob not null,
    queued_at text not null check (length(queued_at) = 27),
    not_before text not null check (length(not_before) = 27),
    expires_at text not null check (length(expires_at) = 27),
    claimed_by text,
    claimed_at text,
    provider text,
    provider_id text,
    reason text,
    check (status <> 'sending' or (claimed_by is not null and claimed_at is not null)),
    check (status <> 'sent' or provider_id is not null)
) strict;

create index outbox_queued on outbox (mode, channel, urgency, queued_at, id) where status = 'queued';
create index outbox_person on outbox (person, channel) where status = 'queued';
create index outbox_open on outbox (status, claimed_at) where status in ('sending', 'unknown', 'sent');
create index outbox_provider on outbox (provider_id) where provider_id is not null;
create index outbox_known on outbox (person) where provider_id is not null;

create table timer (
    incident text not null,
    name text not null,
    due_at text not null check (length(due_at) = 27),
    primary key (incident, name)
) strict, without rowid;

create index timer_due on timer (due_at);

-- Every message from outside, by the provider's id: acted on once however often it comes.
create table inbound (
    id text primary key,
    at text not null check (length(at) = 27),
    channel text not null,
    person text,
    outcome text not null default '',
    incident text
) strict;

create index inbound_person on inbound (person, at);

-- What people typed, beside the log: the log holds the seal, and the words can be forgotten.
create table words (
    seal text primary key,
    salt blob not null,
    body text not null
) strict;

create table heartbeat (
    name text primary key,
    at text not null check (length(at) = 27),
    worker text not null,
    says text not null default ''
) strict;

create table counter (
    name text primary key,
    value integer not null
) strict;
