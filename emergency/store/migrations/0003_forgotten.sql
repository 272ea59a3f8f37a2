-- Who was forgotten: not the roster id but its digest, and the number that stands for that person in what people read.
create table forgotten (
    number integer primary key autoincrement,
    mark text not null unique check (length(mark) = 64),
    at text not null check (length(at) = 27)
) strict;
