-- Checkout, as it is now: both representations in one statement.
\set cents random(500, 90000)
insert into orders (country, total_amount, total_amount_minor, currency) values ('DE', :cents * 0.01, :cents, 'EUR');
