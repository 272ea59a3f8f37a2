-- name: table_words
select seal, salt, body from words
