-- A drill on real telephones is a kind of its own (`live_drill`), so that no message of it can be taken for another's.
-- SQLite cannot change a check: the three tables that name the kind are made anew, with every row.
create table incident_ (
    id text primary key,
    code text not null,
    mode text not null check (mode in ('real', 'drill', 'live_drill')),
    playbook text not null,
    place text not null,
    opened_at text not null check (length(opened_at) = 27),
    closed_at text check (closed_at is null or length(closed_at) = 27),
    version integer not null check (version > 0),
    head text not null check (length(head) = 64)
) strict;

insert into incident_ select * from incident;
drop table incident;
alter table incident_ rename to incident;
create index incident_by_code on incident (code, opened_at);
create index incident_open on incident (opened_at) where closed_at is null;

create table outbox_ (
    id text primary key,
    incident text,
    alert text,
    person text not null,
    channel text not null check (channel in ('sms', 'voice')),
    mode text not null check (mode in ('real', 'drill', 'live_drill')),
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

insert into outbox_ select * from outbox;
drop table outbox;
alter table outbox_ rename to outbox;
create index outbox_queued on outbox (mode, channel, urgency, queued_at, id) where status = 'queued';
create index outbox_person on outbox (person, channel) where status = 'queued';
create index outbox_open on outbox (status, claimed_at) where status in ('sending', 'unknown', 'sent');
create index outbox_provider on outbox (provider_id) where provider_id is not null;
create index outbox_known on outbox (person) where provider_id is not null;
create index outbox_lately on outbox (person, channel, number, claimed_at) where claimed_at is not null;

create table muster_ (
    incident text primary key references incident (id) deferrable initially deferred,
    code text not null,
    mode text not null check (mode in ('real', 'drill', 'live_drill')),
    opened_at text not null check (length(opened_at) = 27),
    closed_at text check (closed_at is null or length(closed_at) = 27),
    lines integer not null default 0 check (lines >= 0),
    head text not null default ''
) strict;

insert into muster_ select * from muster;
drop table muster;
alter table muster_ rename to muster;
create index muster_by_code on muster (code, opened_at);
