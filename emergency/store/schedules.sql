-- name: put_schedule
insert into schedule (id, code, scenario, playbook, kind, notice, cron, once_at, director, put_by, anyway, made_at, reached)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: schedules
select id, code, scenario, playbook, kind, notice, cron, once_at, director, put_by, anyway, made_at, reached, removed_at
from schedule order by made_at, code

-- name: last_schedule
select code from schedule order by cast(substr(code, 3) as integer) desc limit 1

-- name: remove_schedule
update schedule set removed_at = ? where id = ? and removed_at is null

-- name: reach_schedule
update schedule set reached = max(reached, ?) where id = ?

-- name: claim_occurrence
insert into occurrence (schedule, due_at, status, drill, says, earlier, worker, noted_at) values (?, ?, ?, ?, ?, ?, ?, ?)
on conflict (schedule, due_at) do nothing

-- name: settle_occurrence
update occurrence set status = ?, drill = case when ?2 = '' then drill else ?2 end, rating = ?3, says = ?4, noted_at = ?5
where schedule = ?6 and due_at = ?7 and status in ('planned', 'running')

-- name: occurrences
select schedule, due_at, status, drill, rating, says, earlier, worker, noted_at from occurrence
where schedule = ? order by due_at desc limit ?

-- name: open_occurrences
select schedule, due_at, status, drill, rating, says, earlier, worker, noted_at from occurrence
where status in ('planned', 'running') order by due_at

-- name: take_over_occurrence
update occurrence set worker = ? where schedule = ? and due_at = ? and status = 'running'
