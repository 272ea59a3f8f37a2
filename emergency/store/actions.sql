-- name: all_actions
select subject, seq, at, kind, data from book where kind in ('Action', 'ActionDone') order by at, subject, seq

-- name: book_heads
select hash from book where subject = ? order by seq desc limit 1
