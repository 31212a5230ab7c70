create table orders (id int primary key, total numeric(12,2), status text not null, legacy_flag boolean);
create table orders_v2 (id bigint primary key, total_minor bigint, status text not null, currency text);
insert into orders values (1, 12.34, 'new', true), (2, 0.01, 'paid', false), (3, 99.90, 'sent', false);
insert into orders_v2 select id, total * 100, status, 'EUR' from orders;
analyze orders, orders_v2;
