-- name: drill_calls
select id, incident, provider, provider_id, urgency from outbox
where status in ('sending', 'unknown', 'sent') and status = 'sent' -- the first is the index's own condition
    and claimed_at > ? and channel = 'voice' and mode = 'live_drill' and incident is not null
order by claimed_at, id

-- name: on_a_real_line
select distinct person from outbox
where status in ('sending', 'unknown', 'sent') and status in ('sending', 'sent')
    and claimed_at > ? and channel = 'voice' and mode <> 'live_drill' and claimed_at <= expires_at
