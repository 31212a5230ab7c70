select format('create table %s (id int primary key, %s)', side, string_agg(format('c%s %s', g, kind), ', '))
from (values ('orders', 'int'), ('orders_v2', 'bigint')) sides (side, kind), generate_series(1, 900) g
group by side, kind \gexec
