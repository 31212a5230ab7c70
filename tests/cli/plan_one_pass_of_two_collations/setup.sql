create table names_old (name text collate "C" primary key, n int);
create table names_new (name text collate "en-x-icu" primary key, n int);
insert into names_old values ('a', 1);
insert into names_new values ('a', 1);
analyze names_old, names_new;
