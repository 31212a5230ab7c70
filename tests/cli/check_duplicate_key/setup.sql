create table a (id int, v text);
create table b (id int primary key, v text);
insert into a values (1, 'x'), (2, 'y'), (2, 'z'), (3, 'w');
insert into b values (1, 'x'), (2, 'y'), (3, 'w');
