-- name: hold_drill
insert into held (incident, at) values (?, ?) on conflict (incident) do nothing

-- name: hold_every_drill
insert into held (incident, at)
select id, ? from incident where closed_at is null and mode in ('drill', 'live_drill')
on conflict (incident) do nothing

-- name: let_drill_go
delete from held where incident = ?

-- name: held_since
select at from held where incident = ?

-- name: open_drills
select id from incident where closed_at is null and mode in ('drill', 'live_drill') order by opened_at, id

-- name: waiting_of
select id, expires_at from outbox where incident = ? and status = 'queued' and urgency not in (-1, 15)

-- name: move_waiting
update outbox set expires_at = ? where id = ? and status = 'queued'

-- name: drop_waiting
update outbox set status = 'dropped' where incident = ? and status = 'queued'

-- name: timers_of
select name, due_at from timer where incident = ?

-- name: claimed_of
select person from outbox where incident = ? and status in ('sending', 'unknown')
