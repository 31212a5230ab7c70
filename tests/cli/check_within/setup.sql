create table a (id int primary key, price numeric, at timestamptz);
create table b (id int primary key, price float8, at timestamp with time zone);
insert into a values (1, 1.005, '2024-01-01 00:00Z'), (2, 1.02, '2024-01-01 00:00Z'), (3, 1, '2024-01-01 00:00Z');
insert into b values (1, 1.00, '2024-01-01 00:00:00.000001Z'), (2, 1, '2024-01-01 00:00Z'), (3, 1, '2024-01-01 00:00:01Z');
