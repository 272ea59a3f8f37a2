-- name: insert_event
insert into event (incident, seq, at, kind, v, data, hash) values (?, ?, ?, ?, ?, ?, ?)

-- name: insert_incident
insert into incident (id, code, mode, playbook, place, opened_at, version, head) values (?, ?, ?, ?, ?, ?, ?, ?)

-- name: move_incident
update incident set version = ?, head = ?, closed_at = coalesce(closed_at, ?) where id = ? and version = ?

-- name: incident
select id, code, mode, playbook, place, opened_at, closed_at, version, head from incident where id = ?

-- name: incident_by_code
select id, code, mode, playbook, place, opened_at, closed_at, version, head from incident
where code = ? order by opened_at desc limit 1

-- name: open_incidents
select id, code, mode, playbook, place, opened_at, closed_at, version, head from incident
where closed_at is null order by opened_at, id

-- name: all_incidents
select id, code, mode, playbook, place, opened_at, closed_at, version, head from incident order by opened_at, id

-- name: codes_in_use
select code from incident where code glob ?1 and (closed_at is null or opened_at > ?2 or closed_at > ?3)
union select code from muster where code glob ?1 and (closed_at is null or opened_at > ?2 or closed_at > ?3)

-- name: last_code
select code from (
    select code, opened_at, rowid as n from incident union all select code, opened_at, rowid as n from muster
) where code glob ? order by opened_at desc, n desc limit 1

-- name: history
select seq, at, kind, v, data, hash from event where incident = ? and seq > ? order by seq

-- name: queue
insert into outbox (id, incident, alert, person, channel, mode, number, urgency, status, line, queued_at, not_before, expires_at)
values (?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?)
on conflict (id) do nothing

-- name: drop
update outbox set status = 'dropped' where id = ? and status = 'queued'

-- name: set_timer
insert into timer (incident, name, due_at) values (?, ?, ?) on conflict (incident, name) do update set due_at = excluded.due_at

-- name: clear_timer
delete from timer where incident = ? and name = ?

-- name: clear_timers
delete from timer where incident = ?

-- name: due_timers
select incident, name, due_at from timer
where due_at <= ? and (name = 'maximum' or incident not in (select incident from held))
order by due_at, incident, name limit ?

-- name: next_timer
select min(due_at) from timer where name = 'maximum' or incident not in (select incident from held)

-- name: queued
select id, incident, alert, person, channel, mode, number, urgency, attempt, line, queued_at, expires_at from outbox
where status = 'queued' and mode = ? and channel = ? and not_before <= ?
    and (urgency in (-1, 15) or incident is null or incident not in (select incident from held))
order by urgency, queued_at, id limit ?

-- name: queued_beside
select id, incident, alert, person, channel, mode, number, urgency, attempt, line, queued_at, expires_at from outbox
where status = 'queued' and person = ?1 and channel = ?2
    and (not_before <= ?3 or (attempt = 0 and queued_at <= ?3))
    and (urgency in (-1, 15) or incident is null or incident not in (select incident from held))
order by urgency, queued_at, id

-- name: claim
update outbox set status = 'sending', attempt = attempt + 1, claimed_by = ?, claimed_at = ? where id = ? and status = 'queued'
    and (urgency in (-1, 15) or incident is null or incident not in (select incident from held))

-- name: next_queued
select min(not_before) from outbox where status = 'queued' and mode = ? and channel = ?
    and (urgency in (-1, 15) or incident is null or incident not in (select incident from held))

-- name: sent
update outbox set status = case when status in ('delivered', 'failed') then status else 'sent' end,
    provider = ?, provider_id = ?, reason = case when status = 'failed' then reason end where id = ?

-- name: ended
update outbox set status = ?, reason = ? where id = ? and status not in ('failed', 'dropped')
    and not (status = 'delivered' and (? = 'delivered' or channel = 'sms'))

-- name: requeue
update outbox set status = 'queued', not_before = ?, reason = ?, claimed_by = null, claimed_at = null
where id = ? and status in ('sending', 'unknown')

-- name: unknown
update outbox set status = 'unknown', reason = ? where id = ? and status in ('sending', 'unknown')

-- name: stranded
select id, incident, alert, person, channel, mode, number, urgency, attempt, line, queued_at, expires_at, status,
    claimed_by, claimed_at from outbox
where status in ('sending', 'unknown', 'sent') and status in ('sending', 'unknown') -- the first is the index's own condition
order by urgency, queued_at, id

-- name: awaiting_receipt
select id, incident, alert, person, channel, mode, number, urgency, attempt, line, queued_at, expires_at, provider, provider_id
from outbox where status = 'sent' and claimed_at > ? order by claimed_at limit ?

-- name: delivery
select id, incident, alert, person, channel, mode, number, urgency, attempt, line, queued_at, expires_at, status, provider_id
from outbox where id = ?

-- name: why_waiting
select id, reason from outbox where incident = ? and status in ('queued', 'sending', 'unknown') and reason is not null

-- name: merged_with
select id, incident from outbox where provider_id = ?

-- name: went_with
select b.id from outbox a join outbox b
    on b.status in ('sending', 'unknown', 'sent') and b.claimed_at = a.claimed_at and b.claimed_by = a.claimed_by
where a.id = ?

-- name: known_provider_ids
select provider_id from outbox where person = ?1 and provider_id is not null
union select provider_id from proof where person = ?1 and provider_id is not null

-- name: held_up
select channel, reason from outbox where status = 'queued' and reason is not null and expires_at > ?1
union select channel, reason from outbox
where status in ('sending', 'unknown', 'sent') and status <> 'sent' and reason is not null and expires_at > ?1
order by channel, reason

-- name: on_their_way
select exists (select 1 from outbox where status = 'queued' and expires_at > ?)
    or exists (select 1 from outbox where status in ('sending', 'unknown', 'sent') and status <> 'sent')

-- name: last_line
select max(e.at) from incident i join event e on e.incident = i.id and e.seq = i.version where i.closed_at is null

-- name: outbox_counts
select channel, status, count(*) from outbox group by channel, status order by channel, status

-- name: first_time
insert into inbound (id, at, channel, person) values (?, ?, ?, ?) on conflict (id) do nothing

-- name: inbound_outcome
update inbound set outcome = ?, incident = ? where id = ?

-- name: inbound_count
select count(*) from inbound where person = ? and at > ? and outcome = ?

-- name: inbound_since
select count(*) from inbound where person = ? and at > ?

-- name: keep_words
insert into words (seal, salt, body) values (?, ?, ?) on conflict (seal) do nothing

-- name: words
select body from words where seal = ?

-- name: put_document
insert into document (digest, kind, body) values (?, ?, ?) on conflict (digest) do nothing

-- name: document
select body from document where digest = ?

-- name: set_current
insert into current (name, digest, at) values (?, ?, ?) on conflict (name) do update set digest = excluded.digest, at = excluded.at

-- name: current
select digest from current where name = ?

-- name: beat
insert into heartbeat (name, at, worker, says) values (?, ?, ?, ?)
on conflict (name) do update set at = excluded.at, worker = excluded.worker, says = excluded.says

-- name: heartbeat
select at, worker, says from heartbeat where name = ?

-- name: stop_beating
delete from heartbeat where name = ? and worker = ?

-- name: count
insert into counter (name, value) values (?, ?) on conflict (name) do update set value = value + excluded.value

-- name: counters
select name, value from counter order by name

-- name: on_the_line
select distinct person from outbox
where status in ('sending', 'unknown', 'sent') and status in ('sending', 'sent') -- the first is the index's own condition
    and claimed_at > ? and channel = 'voice' and claimed_at <= expires_at

-- name: hold
update outbox set not_before = ? where id = ? and status = 'queued'

-- name: alerts_going_out
select count(*) from outbox where mode = 'real' and alert is not null and expires_at > ?1
    and (status = 'sending' or (status = 'queued' and not_before <= ?1))

-- name: begin_proof
insert into proof (id, person, channel, number, roster, code, asked_at) values (?, ?, ?, ?, ?, ?, ?)

-- name: proof
select id, person, channel, number, roster, code, asked_at, taken_at, delivered_at, answered_at, failed, provider, provider_id
from proof where id = ?

-- name: proofs_since
select id, person, channel, number, roster, code, asked_at, taken_at, delivered_at, answered_at, failed, provider, provider_id
from proof where asked_at > ? order by asked_at, id

-- name: proof_by_code
select id, person, channel, number, roster, code, asked_at, taken_at, delivered_at, answered_at, failed, provider, provider_id
from proof where person = ? and code = ? and channel = 'sms' and asked_at > ? order by asked_at desc limit 1

-- name: last_tested
select max(asked_at) from proof where person = ? and id not glob 'heard:*'

-- name: proof_taken
update proof set taken_at = coalesce(taken_at, ?), provider = ?, provider_id = ? where id = ?

-- name: proof_delivered
update proof set delivered_at = coalesce(delivered_at, ?) where id = ? and failed = ''

-- name: proof_answered
update proof set answered_at = coalesce(answered_at, ?) where id = ?

-- name: proof_failed
update proof set failed = ? where id = ? and failed = '' and answered_at is null
