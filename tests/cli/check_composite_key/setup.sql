create table a (shop text, id int, day date, v numeric, primary key (shop, id));
create table b (shop text, nr bigint, day date, v numeric, primary key (shop, nr));
insert into a values ('Bern', 1, '2024-02-29', 1.10), ('Bern', 2, '2024-03-01', 2), ('Ulm', 1, null, 3);
insert into b values ('Bern', 1, '2024-02-29', 1.1), ('Bern', 2, '2024-03-02', 2), ('ulm', 1, null, 3);
