-- A shop writes its orders twice while it moves from decimal amounts to minor units: 200,000 rows a side.

create table orders (
    id bigint primary key,
    customer_id int not null,
    status text not null,
    placed_at timestamptz not null,
    total numeric(12,2) not null
);

create table orders_v2 (
    id bigint primary key,
    customer_id bigint not null,
    state text not null,              -- was: status
    placed_at timestamptz not null,
    total_minor bigint not null,      -- was: total
    currency text                     -- new
);

insert into orders
select g, g % 9973 + 1, (array['new', 'paid', 'sent', 'returned'])[g % 4 + 1],
       timestamptz '2025-01-01 00:00Z' + g * interval '97 seconds', (g % 50000 + 1) * 0.37
from generate_series(1, 200000) g;

insert into orders_v2
select id, customer_id, status, placed_at, total * 100, 'EUR' from orders;

-- Five faults, as dual writes make them:
-- 1. the second write failed, and nobody tried again
delete from orders_v2 where id = 1042;
-- 2. the first transaction was rolled back after the second write
insert into orders_v2 values (200001, 17, 'new', '2025-08-13 12:00Z', 4200, 'EUR');
-- 3. the backfill copied the row before a customer returned the goods
update orders set status = 'returned' where id = 77777;
-- 4. one code path forgot to multiply by 100
update orders_v2 set total_minor = trunc(total_minor / 100) where id = 123456;
-- 5. an old client does not send the currency
update orders_v2 set currency = null where id = 150000;

analyze orders;
analyze orders_v2;
