-- name: add_link
insert into link (kind, person, incident, subject, made_at, expires_at) values (?, ?, ?, ?, ?, ?) returning id;

-- name: link
select id, kind, person, incident, subject, made_at, expires_at, seen_at, answered_at from link where id = ?;

-- name: link_for
select id, kind, person, incident, subject, made_at, expires_at, seen_at, answered_at from link
where person = ? and kind = ? and subject = ? and incident is ? order by id desc limit 1;

-- name: live_links
select id, kind, person, incident, subject, made_at, expires_at, seen_at, answered_at from link
where expires_at > ? order by id;

-- name: link_seen
update link set seen_at = coalesce(seen_at, ?) where id = ?;

-- name: link_answered
update link set answered_at = ? where id = ?;

-- name: tap_known
select 1 from inbound where id = ?;

-- name: taps
select count(*) from inbound where id >= ? || ':' and id < ? || ';';
