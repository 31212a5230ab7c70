-- The shop before the migration: 20,000 orders with their amounts in units of a currency that only the code knows,
-- and what has grown around such a column.
create extension pg_stat_statements;

create table orders (
    id bigint generated always as identity primary key,
    country text not null,              -- yen where it is JP, else euros
    status text not null default 'paid',
    total_amount numeric(12,2) not null
);
create index orders_by_amount on orders (total_amount);
create view revenue as select country, sum(total_amount) as revenue from orders group by country;
create function order_total(bigint) returns numeric language plpgsql stable as
    'begin return (select total_amount from orders where id = $1); end';

insert into orders (country, total_amount)
select (array['DE', 'FR', 'JP', 'IT', 'ES'])[g % 5 + 1], case g % 5 when 2 then g % 9000 + 500 else (g % 9000 + 500) * 0.37 end
from generate_series(1, 20000) g;

analyze orders;
do $$ begin perform pg_stat_statements_reset(); end $$;   -- the shop's own statements are counted from here on
