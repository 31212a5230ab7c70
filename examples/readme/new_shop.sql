-- The other database of README.md's examples: a copy of some orders, made elsewhere.
create table orders_v2 (id bigint primary key, customer_id bigint, state text, total_minor bigint, currency text);
insert into orders_v2
select g, g % 9973 + 1, (array['new', 'paid', 'sent', 'returned'])[g % 4 + 1], (g % 50000 + 1) * 37, 'EUR'
from generate_series(1, 1000) g;
update orders_v2 set state = 'lost' where id = 500;
analyze orders_v2;
