-- Checkout, in the last release: the old column is not named any more.
\set cents random(500, 90000)
insert into orders (country, total_amount_minor, currency) values ('DE', :cents, 'EUR');
