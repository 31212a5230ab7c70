create table a (shop text, id int, v numeric, primary key (shop, id));
create table b (shop text, id int, v numeric, primary key (shop, id));
insert into a values ('Bern', -1, 1.10), ('Ulm', 1, 3);
insert into b values ('Bern', -1, 1.1), ('Ulm', 1, 4);
