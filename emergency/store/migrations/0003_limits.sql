-- What one telephone got lately is counted before each message to it.
create index outbox_lately on outbox (person, channel, number, claimed_at) where claimed_at is not null;
