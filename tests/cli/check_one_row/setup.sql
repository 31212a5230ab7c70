create table orders (id int primary key, total numeric(12,2), total_minor bigint);
insert into orders values (1, 12.34, 1234), (2, 0.01, 1), (3, 99.90, 999), (4, null, null), (5, null, 7);
