-- name: heard_from
insert into proof (id, person, channel, number, roster, code, asked_at, answered_at)
values (?1, ?2, ?3, ?4, ?5, '', ?6, ?6)
on conflict (id) do update
set roster = excluded.roster, asked_at = excluded.asked_at, answered_at = excluded.answered_at

-- name: asked_between
select id, person, channel, number, roster, code, asked_at, taken_at, delivered_at, answered_at, failed, provider, provider_id
from proof where asked_at >= ? and asked_at < ? and id glob ? order by asked_at, id

-- name: real_goes_on
select exists (select 1 from incident where mode = 'real' and closed_at is null)
