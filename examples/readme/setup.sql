-- What README.md's examples read, besides the orders of ../quickstart/setup.sql.

-- A name that is being split in place: old and new columns in one row.
create table customer (
    id bigint primary key,
    name text not null,
    given_name text,
    family_name text,
    email text
);
insert into customer
select g, 'Given' || g || ' Family' || g % 7, 'Given' || g, 'Family' || g % 7, 'c' || g || '@example.org'
from generate_series(1, 1000) g;
update customer set family_name = 'Familie3' where id = 311;                      -- a typing error in the backfill
update customer set given_name = null, family_name = null where id in (17, 650);  -- not yet moved

-- A text key whose index is in another order on the new side.
create table product (code text collate "C" primary key, name text not null, price real not null);
create table product_v2 (code text collate "en-x-icu" primary key, name text not null, price numeric(10,2) not null);
insert into product select 'P-' || g, 'Product ' || g, (g % 500 + 1) * 0.37 from generate_series(1, 1000) g;
insert into product_v2 select code, name, price::numeric from product;

analyze customer;
analyze product;
analyze product_v2;
