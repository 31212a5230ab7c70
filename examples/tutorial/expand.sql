set lock_timeout = '2s';
alter table orders add total_amount_minor bigint, add currency text;
