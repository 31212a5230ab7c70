\set id random(1, 20000)
update orders set status = 'refunded',
    total_amount_minor = total_amount_minor - case currency when 'JPY' then 5 else 500 end
where id = :id;
