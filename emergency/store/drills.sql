-- name: plan_drill
insert into drill (id, code, kind, playbook, scenario, planned_at, begins_at) values (?, ?, ?, ?, ?, ?, ?)

-- name: drill
select id, code, kind, playbook, scenario, incident, planned_at, begins_at, ended_at from drill where id = ?

-- name: drill_by_code
select id, code, kind, playbook, scenario, incident, planned_at, begins_at, ended_at from drill where code = ?

-- name: drill_of
select id, code, kind, playbook, scenario, incident, planned_at, begins_at, ended_at from drill where incident = ?

-- name: all_drills
select id, code, kind, playbook, scenario, incident, planned_at, begins_at, ended_at from drill order by planned_at, id

-- name: last_drill
select code from drill where code glob ? order by cast(substr(code, 3) as integer) desc limit 1

-- name: was_practised
select 1 from event where incident = ? and kind in ('AlertAcknowledged', 'StepDone') limit 1

-- name: begin_drill
update drill set incident = ?, begins_at = ? where id = ? and incident is null

-- name: end_drill
update drill set ended_at = ? where id = ? and ended_at is null

-- name: book
select seq, at, kind, v, data, hash from book where subject = ? and seq > ? order by seq

-- name: book_head
select seq, hash from book_head where subject = ?

-- name: move_book
insert into book_head (subject, seq, hash) values (?, ?, ?)
on conflict (subject) do update set seq = excluded.seq, hash = excluded.hash

-- name: write_book
insert into book (subject, seq, at, kind, v, data, hash) values (?, ?, ?, ?, ?, ?, ?)
