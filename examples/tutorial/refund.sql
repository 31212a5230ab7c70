-- The refund of a part, somewhere in the back office. Nobody told it about the new columns.
\set id random(1, 20000)
update orders set status = 'refunded', total_amount = total_amount - 5 where id = :id;
