create table orders (id int primary key, total numeric(12,2), total_minor bigint, note text);
analyze orders;
