-- 5,000 rows a statement, so that nobody waits long for a row; what the code has written by now is left alone.
select format('update orders set currency = case country when ''JP'' then ''JPY'' else ''EUR'' end,
                      total_amount_minor = round(total_amount * case country when ''JP'' then 1 else 100 end)
               where id >= %s and id < %s and currency is null', low, low + 5000)
from generate_series(1, (select max(id) from orders), 5000) low
\gexec
