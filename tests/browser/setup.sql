-- Orders that are written twice: 120,000 rows a side, and nothing wrong with them yet (damage.sql).

create table orders (
    id bigint primary key,
    given text not null,
    family text not null,
    status text not null,
    price numeric(12,2) not null,
    placed_at timestamptz not null,
    "no<b>te" text
);
create table orders_v2 (
    id bigint primary key,
    given text not null,
    family text not null,
    state text not null,
    price numeric(12,2) not null,
    placed_at timestamptz not null,
    "no<b>te" text,
    currency text
);

insert into orders
select g, 'Ann' || g % 17, 'Lee' || g % 31, (array['new', 'paid', 'sent', 'returned'])[g % 4 + 1], (g % 5000 + 1) * 0.37,
       timestamptz '2025-01-01 00:00Z' + g * interval '97 seconds',
       'Ring twice & wait; parcel ' || g || ' goes to the neighbour on the left'
from generate_series(1, 120000) g;
insert into orders_v2 select id, given, family, status, price, placed_at, "no<b>te", 'EUR' from orders;
analyze orders;
analyze orders_v2;
