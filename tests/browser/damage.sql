-- What dual writes do wrong, each kind in its own stretch of the keys; run.py knows how many of each.

update orders_v2 set state = 'new' where id between 60001 and 64000 and state <> 'new';       -- a release that wrote stale rows: 3000
update orders_v2 set placed_at = placed_at + interval '1 hour' where id between 90001 and 90300; -- a lost time zone: 300
update orders_v2 set price = price * 100 where id between 20001 and 20050;                    -- a factor: 50
update orders_v2 set "no<b>te" = left("no<b>te", 20) where id between 20101 and 20140;         -- a column too short: 40
update orders_v2 set "no<b>te" = "no<b>te" || '  ' where id between 30001 and 30020;           -- white space: 20
update orders_v2 set given = upper(given) where id between 30101 and 30110;                   -- case: 10
update orders_v2 set given = family, family = given where id between 40001 and 40015;         -- swapped columns: 15
update orders_v2 set "no<b>te" = null where id between 50001 and 50007;                        -- NULL: 7
update orders_v2 set currency = null where id between 110001 and 110005;                      -- a broken invariant: 5
update orders_v2 set currency = 'USD' where id = 110101;                                      -- another: 1
delete from orders_v2 where id between 70001 and 70030;                                       -- missing in new: 30
insert into orders_v2 select 120000 + g, 'x', 'y', 'new', 1, '2025-01-01Z', null, 'EUR' from generate_series(1, 4) g;

-- markup, and characters that end a script or turn a line around, as data: 6
update orders_v2 set "no<b>te" = '<img src=x onerror="window.planted = 1">' where id = 101;
update orders_v2 set "no<b>te" = '</script><script>window.planted = 1</script>' where id = 102;
update orders_v2 set "no<b>te" = '<!--<script>' where id = 103;
update orders_v2 set "no<b>te" = '"><svg onload="window.planted = 1">' where id = 104;
update orders_v2 set "no<b>te" = U&'\2028 window.planted = 1 \2029 \202E turned \202C' where id = 105;
update orders_v2 set "no<b>te" = E'first line\nsecond line\ttabbed' where id = 106;
