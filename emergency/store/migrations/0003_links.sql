-- Tables of links in messages.

-- A link in a message: whose it is and what it opens. Numbers are never given twice. subject: what the page is about, in
-- the words of its kind (for `alert`: incident/alert, parted by spaces). Neither name nor number nor the link's own
-- secret is here: that is computed from the row with a key that lies in a file of its own.
create table link (
    id integer primary key autoincrement,
    kind text not null,
    person text not null,
    incident text,
    subject text not null,
    made_at text not null check (length(made_at) = 27),
    expires_at text not null check (length(expires_at) = 27),
    seen_at text check (seen_at is null or length(seen_at) = 27),
    answered_at text check (answered_at is null or length(answered_at) = 27)
) strict;

create index link_person on link (person, kind, subject);
