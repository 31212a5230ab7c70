/* SQL texts, and what each does with orders.total_amount, which total_amount_minor and currency take the place of. */
#include "gate/sql_use.h"

#include "test.h"

#include <stdlib.h>

static const SqlTable TABLES[] = {{"public", "orders"}, {"public", "orders_2026"}};
static const SqlTable RELATIVES[] = {{"public", "invoices"}};
static const char *const REPLACED_BY[] = {"total_amount_minor", "currency"};

static const SqlSubject SUBJECT = {
    .tables = TABLES,
    .table_count = 2,
    .column = "total_amount",
    .replaced_by = REPLACED_BY,
    .replaced_count = 2,
    .relatives = RELATIVES,
    .relative_count = 1,
    .relatives_known = true,
};

/* "touches names", in the order of the bits. */
static const char *uses_text(Arena *arena, unsigned uses) {
    static const char *const WORDS[] = {"touches",    "names",       "may-name", "whole-row", "by-position",
                                        "writes-old", "writes-only", "dynamic",  "unreadable"};
    Buf text = {0};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        if ((uses & (1U << i)) != 0) {
            buf_printf(&text, "%s%s", text.length == 0 ? "" : " ", WORDS[i]);
        }
    }
    const char *copy = arena_copy(arena, text.length == 0 ? "" : text.bytes, text.length);
    buf_free(&text);
    return copy;
}

typedef struct Row {
    const char *sql;
    const char *uses;
} Row;

static const Row STATEMENTS[] = {
    {"select total_amount from orders", "touches names"},
    {"SELECT TOTAL_AMOUNT FROM ORDERS", "touches names"},
    {"select \"TOTAL_AMOUNT\" from orders", "touches"},
    {"select id from orders", "touches"},
    {"select id from orders where total_amount > $1", "touches names"},
    {"select id from orders order by total_amount", "touches names"},
    {"select o.total_amount from public.orders o", "touches names"},
    {"select total_amount from orders_2026", "touches names"},
    {"select total_amount from archive.orders", ""},
    {"select public.orders.total_amount from public.orders", "touches names"},
    {"select count(*) from orders", "touches"},
    {"select * from orders", "touches whole-row"},
    {"select o.* from orders o", "touches whole-row"},
    {"table orders", "touches whole-row"},
    {"select row_to_json(o) from orders o", "touches whole-row"},
    {"select (o).total_amount from orders o", "touches may-name whole-row"},
    {"select (o.*)::text from orders o", "touches whole-row"},
    {"select * from invoices", ""},
    {"select 1 where exists (select * from orders where id = $1)", "touches"},
    {"select 1 where exists (select * from orders where total_amount = $1)", "touches names"},
    /* which table a bare name belongs to */
    {"select total_amount from invoices", ""},
    {"select i.total_amount from invoices i join orders o on o.id = i.order_id", "touches"},
    {"select o.total_amount from invoices i join orders o on o.id = i.order_id", "touches names"},
    {"select total_amount from orders, customers", "touches names"},
    {"select (select total_amount from invoices i where i.order_id = o.id) from orders o", "touches"},
    {"select (select max(total_amount) from customers c where c.id = o.customer) from orders o", "touches names"},
    {"select (select total_amount from (select 1 as x) s) from orders o", "touches may-name"},
    {"select 1 from orders o join invoices i using (total_amount)", "touches names"},
    {"select 1 from orders o natural join invoices i", "touches may-name"},
    {"with orders as (select 1 as total_amount) select total_amount from orders", ""},
    {"with o as (select total_amount from orders) select * from o", "touches names"},
    {"with orders as (select total_amount from orders where id = $1) select sum(total_amount) from orders",
     "touches names"},
    {"with recursive orders as (select 1 as total_amount union select total_amount from orders) select * from orders",
     ""},
    {"with orders as (select 1 as id) update orders set total_amount = 0", "touches names writes-old writes-only"},
    {"with o as (select * from orders) select total_amount from o", "touches whole-row"},
    {"select s.total_amount from (select total_amount_minor as total_amount from orders) s", "touches"},
    {"select 1 from orders o, lateral (select o.total_amount) x", "touches names"},
    {"select id from orders union select total_amount from orders", "touches names"},
    {"select x from orders as o (a, b, x)", "touches may-name"},
    {"select j.total_amount from (orders o join customers c on true) as j", "touches may-name"},
    {"select count(*) filter (where total_amount > $1) over (order by id) from orders", "touches names"},
    /* writers */
    {"insert into orders (id, total_amount) values ($1, $2)", "touches names writes-old writes-only"},
    {"insert into orders (id, total_amount, total_amount_minor) values ($1, $2, $3)",
     "touches names writes-old writes-only"},
    {"insert into orders (id, total_amount, total_amount_minor, currency) values ($1, $2, $3, $4)",
     "touches names writes-old"},
    {"insert into orders (id, total_amount_minor, currency) values ($1, $2, $3)", "touches"},
    {"insert into orders values ($1, $2, $3, $4)", "touches by-position"},
    {"insert into orders default values", "touches"},
    {"insert into invoices values ($1, $2)", ""},
    {"insert into orders (id) values ($1) on conflict (total_amount) do nothing", "touches names"},
    {"insert into orders (id) values ($1) on conflict (id) do update set total_amount = $2",
     "touches names writes-old writes-only"},
    {"insert into orders (id) values ($1) on conflict (id) do update set currency = excluded.total_amount",
     "touches names"},
    {"insert into orders (id) values ($1) returning *", "touches whole-row"},
    {"insert into invoices (total_amount) select total_amount from orders", "touches names"},
    {"update orders set total_amount = $1 where id = $2", "touches names writes-old writes-only"},
    {"update orders set total_amount = $1, total_amount_minor = $2, currency = $3", "touches names writes-old"},
    {"update orders set currency = $1 from invoices i where i.total_amount > $2", "touches"},
    {"update orders o set (currency, total_amount) = (select 'EUR', $1)", "touches names writes-old writes-only"},
    {"delete from orders where total_amount < $1", "touches names"},
    {"delete from invoices using orders o where o.total_amount = 1", "touches names"},
    {"merge into orders o using invoices i on o.id = i.order_id when matched then update set total_amount = 1",
     "touches names writes-old writes-only"},
    {"merge into orders o using invoices i on o.id = i.order_id when not matched then insert values (1, 2)",
     "touches by-position"},
    {"analyze orders (id, total_amount)", "touches names"},
    {"vacuum (analyze) public.orders (id), bills (total_amount)", "touches"},
    {"analyze orders", "touches"},
    {"copy orders (id, total_amount) from stdin", "touches names writes-old writes-only"},
    {"copy orders (id, total_amount) to stdout", "touches names"},
    {"copy orders from stdin", "touches by-position"},
    {"copy orders to stdout", "touches whole-row"},
    {"copy (select total_amount from orders) to stdout", "touches names"},
    {"copy invoices from stdin", ""},
    {"with w as (update orders set total_amount = 1 returning id) select * from w",
     "touches names writes-old writes-only"},
    /* the rest */
    {"prepare p as select total_amount from orders", "touches names"},
    {"declare c cursor for select total_amount from orders", "touches names"},
    {"FETCH $1 FROM c", ""},
    {"create temp table t as select total_amount from orders", "touches names"},
    {"explain select total_amount from orders", ""},
    {"lock table orders", "touches"},
    {"begin", ""},
    {"select null::orders", "whole-row"},
    {"select U&\"total\\005famount\" from orders", "touches names"},
    {"do $$ begin update orders set total_amount = 1; end $$", "touches names writes-old writes-only"},
    /* texts that may be SQL, and what runs them */
    {"select * from dblink('dbname=shop', 'select Total_Amount from invoices') as t (x int)", "dynamic"},
    {"select * from dblink('dbname=shop', 'select id from orders') as t (x int)", "dynamic"},
    {"select * from dblink('dbname=shop', 'select id from customers') as t (x int)", ""},
    {"select * from dblink($1, $2) as t (x int)", "dynamic"},
    {"select * from public.crosstab($1) as t (x int)", "dynamic"},
    {"select query_to_xml('select ' || $1, true, true, '')", "dynamic"},
    {"select table_to_xml('orders', true, true, '')", "dynamic"},
    {"select table_to_xml('invoices'::regclass, true, true, '')", ""},
    {"select schema_to_xml('public', true, true, '')", "dynamic"},
    {"select run_it('update orders set total_amount = 1')", "dynamic"},
    {"select run_it('update reorders set total_amounts = 1')", ""},
    {"select run_it('where U&\"total\\005famount\" > 1')", "dynamic"},
    {"select run_it(E'where\n\"total_amount\" > 1')", "dynamic"},
    {"select json_build_object('total_amount', total_amount_minor) from orders where note = 'orders'", "touches"},
    {"selec total_amount from orders", "unreadable"},
    {"select json_object('a': total_amount) from orders", "unreadable"},
};

static void check_statement(Arena *arena, const SqlSubject *subject, const Row *row) {
    SqlFound found = sql_use_of_statement(subject, str_of(row->sql), arena);
    if (!CHECK_TEXT(uses_text(arena, found.uses), row->uses)) {
        printf("    %s\n    %s\n", row->sql, found.why == NULL ? "" : found.why);
    }
    CHECK((found.why != NULL) == ((found.uses & SQL_UNREADABLE) != 0));
    arena_empty(arena);
}

static void statements(Arena *arena) {
    for (size_t i = 0; i < sizeof STATEMENTS / sizeof *STATEMENTS; i++) {
        check_statement(arena, &SUBJECT, &STATEMENTS[i]);
    }
}

static void doubts(Arena *arena) {
    SqlSubject shared = SUBJECT, unknown = SUBJECT;
    shared.name_shared = true;
    unknown.relatives_known = false;
    check_statement(arena, &shared, &(Row){"select total_amount from orders", "touches may-name"});
    check_statement(arena, &shared, &(Row){"select total_amount from public.orders", "touches names"});
    check_statement(arena, &shared,
                    &(Row){"update orders set total_amount = 1", "touches may-name writes-old writes-only"});
    check_statement(arena, &unknown,
                    &(Row){"select (select total_amount from customers) from orders o", "touches may-name"});
}

static void whole_table(Arena *arena) {
    SqlSubject table = SUBJECT;
    table.column = NULL;
    table.replaced_count = 0;
    check_statement(arena, &table, &(Row){"select id from orders", "touches names"});
    check_statement(arena, &table, &(Row){"select id from invoices", ""});
    check_statement(arena, &table, &(Row){"insert into orders values (1)", "touches names"});
    check_statement(arena, &table, &(Row){"truncate orders", "touches names"});
}

typedef struct FunctionRow {
    const char *body;
    bool trigger;
    const char *uses;
} FunctionRow;

static const FunctionRow BODIES[] = {
    {"begin return 1; end", false, ""},
    {"begin return (select sum(total_amount) from orders); end", false, "touches names"},
    {"declare total_amount numeric := 1; begin return total_amount; end", false, ""},
    {"begin new.total_amount_minor := new.total_amount * 100; return new; end", true, "names"},
    {"begin new.total_amount = 1; return new; end", true, "names"},
    {"begin new.total_amount_minor := 1; return new; end", true, ""},
    {"begin perform new.total_amount * 100; return null; end", false, ""},
    {"begin if old.total_amount is distinct from 1 then return null; end if; return new; end", true, "names"},
    {"begin insert into audit values (row_to_json(new)); return new; end", true, "whole-row"},
    {"begin return new; end", true, ""},
    {"declare r orders%rowtype; begin return r.total_amount; end", false, "touches names"},
    {"declare r orders%rowtype; begin r.total_amount := 1; return 1; end", false, "unreadable"},
    {"declare r public.orders; begin return r.total_amount; end", false, "touches names"},
    {"declare r record; begin for r in select * from orders loop perform r.total_amount; end loop; end", false,
     "touches may-name whole-row"},
    {"begin execute 'update orders set total_amount = 1'; end", false, "touches names writes-old writes-only"},
    {"begin execute format('select %I from orders', 'total_amount'); end", false, "dynamic"},
    {"begin execute 'update orders set note = 1'; end", false, "touches"},
    {"begin perform dblink_exec(c, t); end", false, "dynamic"},
    {"declare t text := 'select total_amount from invoices'; begin return run_it(t); end", false, "dynamic"},
    {"begin raise exception 'cannot update orders'; end", false, ""},
    {"declare r record; begin for r in execute 'select ' || 1 loop end loop; end", false, "dynamic"},
    {"declare c refcursor; begin open c for select total_amount from orders; end", false, "unreadable"},
    {"declare v orders.total_amount%type; begin return 1; end", false, "names"},
    {"begin perform total_amount from invoices; end", false, ""},
    {"begin insert into orders values (1, 2); end", false, "touches by-position"},
    {"begin this is no sql; end", false, "unreadable"},
};

static void bodies(Arena *arena) {
    for (size_t i = 0; i < sizeof BODIES / sizeof *BODIES; i++) {
        const FunctionRow *row = &BODIES[i];
        SqlFunction function = {
            .language = "plpgsql",
            .body = row->body,
            .definition = arena_printf(arena, "CREATE FUNCTION f() RETURNS %s LANGUAGE plpgsql AS $x$%s$x$",
                                       strstr(row->body, "new") != NULL ? "trigger" : "int", row->body),
            .trigger = row->trigger,
        };
        SqlFound found = sql_use_of_function(&SUBJECT, &function, arena);
        if (!CHECK_TEXT(uses_text(arena, found.uses), row->uses)) {
            printf("    %s\n    %s\n", row->body, found.why == NULL ? "" : found.why);
        }
        arena_empty(arena);
    }
}

static void other_languages(Arena *arena) {
    SqlFunction sql = {.language = "sql", .body = "select 1; select total_amount from orders where id = $1"};
    SqlFunction atomic = {.language = "sql",
                          .definition = "CREATE FUNCTION f() RETURNS json BEGIN ATOMIC"
                                        " SELECT row_to_json(o.*) FROM orders o; END"};
    SqlFunction python = {.language = "plpython3u", .body = "plpy.execute('...')"};
    CHECK_TEXT(uses_text(arena, sql_use_of_function(&SUBJECT, &sql, arena).uses), "touches names");
    CHECK_TEXT(uses_text(arena, sql_use_of_function(&SUBJECT, &atomic, arena).uses), "touches whole-row");
    CHECK_TEXT(uses_text(arena, sql_use_of_function(&SUBJECT, &python, arena).uses), "unreadable");
}

static void conditions(Arena *arena) {
    static const struct {
        const char *sql, *own, *others; /* uses, where NEW and OLD are rows of the subject, and where they are not */
    } rows[] = {
        {"CREATE RULE r AS ON UPDATE TO public.orders DO ALSO INSERT INTO audit VALUES (row_to_json(new.*))",
         "whole-row", ""},
        {"CREATE RULE r AS ON INSERT TO public.audit DO ALSO INSERT INTO public.orders (id) VALUES (new.id)",
         "touches", "touches"},
        {"SELECT (orders.*)::text <> '' FROM public.orders", "touches whole-row", "touches whole-row"},
        {"SELECT id > 1 FROM public.orders", "touches", "touches"},
        {"SELECT EXISTS (SELECT 1 FROM public.orders o WHERE row_to_json(o.*) IS NOT NULL) FROM public.audit",
         "touches whole-row", "touches whole-row"},
        {"SELECT  FROM public.orders", "touches", "touches"},
        {"SELECT (", "unreadable", "unreadable"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_TEXT(uses_text(arena, sql_use_of_condition(&SUBJECT, str_of(rows[i].sql), true, arena).uses), rows[i].own);
        CHECK_TEXT(uses_text(arena, sql_use_of_condition(&SUBJECT, str_of(rows[i].sql), false, arena).uses),
                   rows[i].others);
    }
}

static char *repeated(const char *head, const char *part, size_t times) {
    Buf text = {0};
    buf_text(&text, head);
    for (size_t i = 0; i < times; i++) {
        buf_text(&text, part);
    }
    return text.bytes;
}

/* Nothing that fits the limit takes the program down. */
static void deep_and_long(Arena *arena) {
    static const struct {
        const char *head, *part;
        size_t times;
    } TEXTS[] = {
        {"select 1", "+1", 131000},
        {"select ", "(", 200000},
        {"select 1", "::int", 52000},
        {"select ", "not ", 60000},
        {"select 1", " union select 1", 17000},
        {"select a", ".a", 130000},
        {"select ", "(select ", 32000},
        {"select 1", "+1", 200000},
        {"select 1 from a", " join a on true", 17000},
        {"", "select 1;", 29000},
    };
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        char *text = repeated(TEXTS[i].head, TEXTS[i].part, TEXTS[i].times);
        SqlFound found = sql_use_of_statement(&SUBJECT, str_of(text), arena);
        CHECK((found.uses & ~(unsigned)SQL_UNREADABLE) == 0);
        free(text);
        arena_empty(arena);
    }
    CHECK((sql_use_of_statement(&SUBJECT, (Str){"select\0 1", 9}, arena).uses & SQL_UNREADABLE) != 0);
}

static void without_a_parser(Arena *arena) {
    SqlFound found = sql_use_of_statement(&SUBJECT, STR_LITERAL("select 1"), arena);
    CHECK(found.uses == SQL_UNREADABLE);
    CHECK_TEXT(found.why, "this build has no libpg_query to read it");
}

static void run_all(void *self) {
    Arena *arena = self;
    static const struct {
        const char *name;
        void (*run)(Arena *arena);
    } TESTS[] = {{"statements", statements},           {"doubts", doubts},
                 {"whole_table", whole_table},         {"bodies", bodies},
                 {"other_languages", other_languages}, {"conditions", conditions},
                 {"deep_and_long", deep_and_long}};
    for (size_t i = 0; i < sizeof TESTS / sizeof *TESTS; i++) {
        test_name = TESTS[i].name;
        TESTS[i].run(arena);
    }
}

int main(void) {
    Arena arena = {0};
    if (sql_parser_built_in()) {
        CHECK(sql_parser_run(run_all, &arena));
    } else {
        without_a_parser(&arena);
    }
    arena_free(&arena);
    return test_finish();
}
