-- name: lately_to
select max(claimed_at) from outbox where person = ? and channel = ? and number = ? and claimed_at > ? and (alert is not null or ?)
    and (mode = 'real' or ?)
    and (provider_id is not null or status in ('sending', 'unknown'))
group by coalesce(provider_id, claimed_by) order by 1
