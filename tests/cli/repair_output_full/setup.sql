create table orders (id int primary key, total int);
create table orders_v2 (like orders including all);
insert into orders values (1, 12), (2, 13);
insert into orders_v2 table orders;
analyze orders, orders_v2;
