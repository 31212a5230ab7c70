set lock_timeout = '2s';
alter table orders
    alter total_amount_minor set not null, alter currency set not null,
    alter total_amount drop not null;                -- so that the last release can leave it out
create index concurrently orders_by_amount_minor on orders (total_amount_minor);
create or replace view revenue as
    select country, round(sum(total_amount_minor / case currency when 'JPY' then 1 else 100.0 end), 2) as revenue
    from orders group by country;
create or replace function order_total(bigint) returns numeric language plpgsql stable as 'begin return (
    select total_amount_minor / case currency when ''JPY'' then 1 else 100.0 end from orders where id = $1); end';
