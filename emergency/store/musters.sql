-- name: muster_begin
insert into muster (incident, code, mode, opened_at) values (?, ?, ?, ?)

-- name: muster
select incident, code, mode, opened_at, closed_at, lines, head from muster where incident = ?

-- name: muster_by_code
select incident, code, mode, opened_at, closed_at, lines, head from muster where code = ? order by opened_at desc limit 1

-- name: musters_of
select m.incident, m.code, m.mode, m.opened_at, m.closed_at, m.lines, m.head, p.status
from muster_person p join muster m on m.incident = p.incident
where p.person = ? order by m.opened_at desc limit 8

-- name: muster_move
update muster set lines = ?, head = ? where incident = ? and lines = ?

-- name: muster_close
update muster set closed_at = ? where incident = ?

-- name: muster_line
insert into muster_line (incident, seq, at, kind, v, data, hash) values (?, ?, ?, ?, ?, ?, ?)

-- name: muster_lines
select seq, at, kind, v, data, hash from muster_line where incident = ? and seq > ? order by seq

-- name: muster_expect
insert into muster_person (incident, person, place, place_at, reachable, due_at) values (?, ?, ?, ?, ?, ?)
on conflict (incident, person) do nothing

-- name: muster_person
select person, place, place_at, status, status_at, reachable, asked from muster_person where incident = ? and person = ?

-- name: muster_people
select person, place, place_at, status, status_at, reachable, asked from muster_person
where incident = ? and status = ? order by place, person

-- name: muster_some
select person, place, place_at, status, status_at, reachable, asked from muster_person
where incident = ? and status = ? order by place limit ?

-- name: muster_everyone
select person from muster_person where incident = ?

-- name: muster_say
update muster_person set status = ?, status_at = ? where incident = ? and person = ?

-- name: muster_seen
update muster_person set place = ?, place_at = ? where incident = ? and person = ?

-- name: muster_counts
select place, status, count(*), sum(reachable), sum(asked > 0) from muster_person where incident = ?
group by status, place

-- name: muster_due
select person, asked from muster_person
where incident = ? and status = '' and due_at is not null and due_at <= ? order by due_at, person limit ?

-- name: muster_next_due
select min(due_at) from muster_person where incident = ? and status = '' and due_at is not null

-- name: muster_asked
update muster_person set asked = ?, due_at = ? where incident = ? and person = ?

-- name: muster_mark
insert into muster_zone (incident, place, mark, by, at, reason) values (?, ?, ?, ?, ?, ?)
on conflict (incident, place) do update set mark = excluded.mark, by = excluded.by, at = excluded.at,
    reason = excluded.reason

-- name: muster_zones
select place, mark, by, at, reason from muster_zone where incident = ? order by place

-- name: muster_group
insert into muster_group (incident, place, label, heads) values (?, ?, ?, ?)
on conflict (incident, place, label) do update set heads = excluded.heads

-- name: muster_groups
select place, label, heads from muster_group where incident = ? order by place, label

-- name: muster_guest
insert into muster_guest (id, incident, name, employer, number, language, two_way) values (?, ?, ?, ?, ?, ?, ?)
on conflict (id) do nothing

-- name: muster_guest_by_id
select id, name, employer, number, language, two_way from muster_guest where id = ?

-- name: muster_guests
select id, name, employer, number, language, two_way from muster_guest where incident = ? order by id

-- name: muster_guest_by_number
select g.id from muster_guest g join muster m on m.incident = g.incident
where g.number = ? and g.number <> '' order by m.closed_at is not null, m.opened_at desc limit 1

-- name: muster_guest_with
select id from muster_guest where incident = ? and number = ? and number <> '' limit 1

-- name: muster_forget_guest
update muster_guest set name = '', employer = '', number = '' where id = ?

-- name: muster_waiting
select count(*) from (
    select 1 from outbox where status = 'queued' and mode = ? and channel = ? and urgency >= ? limit ?
)

-- name: muster_withdraw
update outbox set status = 'dropped' where status = 'queued' and mode = ? and channel = ? and urgency >= ? and incident = ?
