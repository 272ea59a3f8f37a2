-- name: forgotten
select number from forgotten where mark = ?

-- name: any_forgotten
select exists (select 1 from forgotten)

-- name: forget_mark
insert into forgotten (mark, at) values (?, ?) on conflict (mark) do update set at = excluded.at

-- name: roster_versions
select digest, body from document where kind = 'roster' and instr(body, ?) > 0

-- name: forget_version_current
update current set digest = ?2 where digest = ?1

-- name: forget_version_after
update roster_change set digest = ?2 where digest = ?1

-- name: forget_version_before
update roster_change set before = ?2 where before = ?1

-- name: forget_version_proofs
update proof set roster = ?2 where roster = ?1

-- name: forget_document
delete from document where digest = ?

-- name: changes_naming
select n, people, by, note from roster_change where by = ?1 or instr(note, ?1) > 0

-- name: forget_change
update roster_change set by = ?, note = ? where n = ?

-- name: forget_change_people
update roster_change set people = people - 1 where digest = ?

-- name: outbox_lines
select line from outbox where person = ?

-- name: lines_about
select id, line from outbox where instr(line, ?) > 0

-- name: forget_line
update outbox set line = ? where id = ?

-- name: forget_outbox
delete from outbox where person = ?

-- name: forget_inbound
update inbound set person = null where person = ?

-- name: forget_proofs
delete from proof where person = ?

-- name: forget_links
delete from link where person = ?

-- name: forget_muster_person
update or ignore muster_person set person = ?2, reachable = 0, due_at = null where person = ?1

-- name: forget_muster_marks
update muster_zone set by = ?2 where by = ?1

-- name: lines_naming
select incident, data from event where instr(data, ?) > 0

-- name: muster_lines_naming
select incident, data from muster_line where instr(data, ?) > 0

-- name: all_words
select seal, body from words

-- name: forget_words
delete from words where seal = ?

-- name: forget_mark_as
insert into forgotten (number, mark, at) values (?, ?, ?)
on conflict (mark) do update set number = excluded.number, at = excluded.at

-- name: forgotten_as
select mark from forgotten where number = ?

-- name: book_lines_naming
select subject, kind, data from book where instr(data, ?) > 0

-- name: booked_subjects
select subject from book union select subject from book_head order by subject

-- name: schedules_in_force_of
select code from schedule where director = ? and removed_at is null order by code

-- name: schedules_told
select id, director, put_by, anyway from schedule

-- name: forget_schedule
update schedule set director = ?, put_by = ?, anyway = ? where id = ?

-- name: occurrences_told
select schedule, due_at, says from occurrence where says <> ''

-- name: forget_occurrence
update occurrence set says = ? where schedule = ? and due_at = ?

-- name: kept_scenarios
select current.name, current.at, document.digest, document.body from current
join document on document.digest = current.digest where current.name glob 'scenario:*'

-- name: rosters_of_before
select digest from document where kind = 'roster' and digest not in (select digest from current)
