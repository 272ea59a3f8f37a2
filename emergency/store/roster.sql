-- name: put_roster_change
insert into roster_change (at, digest, before, people, by, note) values (?, ?, ?, ?, ?, ?)

-- name: roster_changes
select n, at, digest, before, people, by, note from roster_change order by n desc limit ?

-- name: roster_change
select n, at, digest, before, people, by, note from roster_change where n = ?

-- name: last_roster_change
select n, at, digest, before, people, by, note from roster_change order by n desc limit 1
