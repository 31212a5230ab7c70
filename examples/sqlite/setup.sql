-- Two files, no server: sensors' readings are moved from old.db to new.db.
attach 'old.db' as old;
attach 'new.db' as new;

create table old.reading (id integer primary key, sensor text not null, celsius real, taken text not null);
insert into old.reading
with recursive g(n) as (select 1 union all select n + 1 from g where n < 5000)
select n, 'sensor-' || (n % 12), n % 400 / 10.0 - 5, date('2025-01-01', '+' || (n / 24) || ' days') from g;

create table new.reading (id integer primary key, sensor text not null, celsius real, taken text not null);
insert into new.reading select * from old.reading;

delete from new.reading where id = 4999;                      -- lost
update new.reading set celsius = null where id = 17;          -- a fault of the import
update new.reading set sensor = 'sensor-7 ' where id = 1003;  -- a trailing blank
update new.reading set celsius = 'n/a' where id = 2500;       -- a text in a column of numbers: SQLite allows it
