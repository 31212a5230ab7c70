#include "gate/contract_text.h"

#include "base/figures.h"
#include "gate/sql_use.h"

#include <string.h>

#define RUNS_TEXT "it makes SQL at run time, or has a text that may be SQL"

static const char UNNOTICED[] = "never noticed", TRAFFIC[] = "traffic";

/* ---- classes ----------------------------------------------------------------------------------------------------- */

typedef enum TextClass {
    CLASS_FUNCTION,
    CLASS_TRIGGER_FUNCTION,
    CLASS_DYNAMIC_SQL,
    CLASS_WHOLE_ROW_VIEW,
    CLASS_WHOLE_ROW_CONDITION,
    CLASS_STATEMENT,
    CLASS_OLD_ONLY_WRITER,
    CLASS_INSERT_BY_POSITION,
    CLASS_WHOLE_ROW,
    CLASS_UNREADABLE,
    CLASSES
} TextClass;

static const struct ClassRow {
    const char *group, *name, *required;
} CLASS_ROWS[CLASSES] = {
    [CLASS_FUNCTION] = {UNNOTICED, "function", "no function's body uses it"},
    [CLASS_TRIGGER_FUNCTION] = {UNNOTICED, "trigger-function", "no trigger function of the table uses it"},
    [CLASS_DYNAMIC_SQL] = {UNNOTICED, "dynamic-sql", "nothing makes SQL at run time that may name it"},
    [CLASS_WHOLE_ROW_VIEW] = {UNNOTICED, "whole-row-view", "no view shows rows of the table as a whole"},
    [CLASS_WHOLE_ROW_CONDITION] = {UNNOTICED, "whole-row-condition",
                                   "no rule, policy, CHECK, index or trigger takes rows of the table as a whole"},
    [CLASS_STATEMENT] = {TRAFFIC, "statement", "no client's statement names it"},
    [CLASS_OLD_ONLY_WRITER] = {TRAFFIC, "old-only-writer", "no client writes it without what takes its place"},
    [CLASS_INSERT_BY_POSITION] = {TRAFFIC, "insert-by-position", "no client writes rows without naming their columns"},
    [CLASS_WHOLE_ROW] = {TRAFFIC, "whole-row", "no client takes rows of the table as a whole"},
    [CLASS_UNREADABLE] = {TRAFFIC, "unreadable", "every client's statement can be read"},
};

/* The first row that fits a text's uses says what it is. */
static const struct UseRow {
    DependentTextKind kind;
    unsigned uses;
    TextClass class_;
    ConditionState state;
    const char *seen;
} USE_ROWS[] = {
    {TEXT_STATEMENT, SQL_WRITES_ONLY, CLASS_OLD_ONLY_WRITER, CONDITION_NOT_MET, "it writes the old column alone"},
    {TEXT_STATEMENT, SQL_NAMES, CLASS_STATEMENT, CONDITION_NOT_MET, "it names it"},
    {TEXT_STATEMENT, SQL_BY_POSITION, CLASS_INSERT_BY_POSITION, CONDITION_NOT_MET, "it names no columns"},
    {TEXT_STATEMENT, SQL_MAY_NAME, CLASS_STATEMENT, CONDITION_UNKNOWN, "it names a column so called, maybe this one"},
    {TEXT_STATEMENT, SQL_WHOLE_ROW, CLASS_WHOLE_ROW, CONDITION_UNKNOWN, "it takes whole rows"},
    {TEXT_STATEMENT, SQL_DYNAMIC, CLASS_STATEMENT, CONDITION_UNKNOWN, RUNS_TEXT},
    {TEXT_STATEMENT, SQL_UNREADABLE, CLASS_UNREADABLE, CONDITION_UNKNOWN, NULL},
    {TEXT_VIEW, SQL_WHOLE_ROW, CLASS_WHOLE_ROW_VIEW, CONDITION_NOT_MET, "it shows whole rows: a part of them would go"},
    {TEXT_VIEW, SQL_NAMES | SQL_MAY_NAME, CLASS_WHOLE_ROW_VIEW, CONDITION_UNKNOWN, "it may show it"},
    {TEXT_VIEW, SQL_DYNAMIC, CLASS_DYNAMIC_SQL, CONDITION_UNKNOWN, RUNS_TEXT},
    {TEXT_VIEW, SQL_UNREADABLE, CLASS_WHOLE_ROW_VIEW, CONDITION_UNKNOWN, NULL},
    {TEXT_CONDITION, SQL_WHOLE_ROW, CLASS_WHOLE_ROW_CONDITION, CONDITION_UNKNOWN,
     "it takes whole rows: a part of them would go"},
    {TEXT_CONDITION, SQL_NAMES | SQL_MAY_NAME, CLASS_WHOLE_ROW_CONDITION, CONDITION_UNKNOWN, "it may read it"},
    {TEXT_CONDITION, SQL_DYNAMIC, CLASS_DYNAMIC_SQL, CONDITION_UNKNOWN, RUNS_TEXT},
    {TEXT_CONDITION, SQL_UNREADABLE, CLASS_WHOLE_ROW_CONDITION, CONDITION_UNKNOWN, NULL},
    {TEXT_FUNCTION, SQL_NAMES, CLASS_FUNCTION, CONDITION_NOT_MET, "its body names it"},
    {TEXT_FUNCTION, SQL_BY_POSITION, CLASS_FUNCTION, CONDITION_NOT_MET, "it writes rows without naming their columns"},
    {TEXT_FUNCTION, SQL_MAY_NAME, CLASS_FUNCTION, CONDITION_UNKNOWN, "it names a column so called, maybe this one"},
    {TEXT_FUNCTION, SQL_WHOLE_ROW, CLASS_FUNCTION, CONDITION_UNKNOWN, "it takes whole rows"},
    {TEXT_FUNCTION, SQL_DYNAMIC, CLASS_FUNCTION, CONDITION_UNKNOWN, RUNS_TEXT},
    {TEXT_FUNCTION, SQL_UNREADABLE, CLASS_FUNCTION, CONDITION_UNKNOWN, NULL},
};

typedef struct Reading {
    const ContractTexts *texts;
    SqlSubject subject;
    Conditions *out;
    size_t found[CLASSES];
    Buf dynamic; /* functions that may make any SQL at run time */
    size_t dynamic_count;
} Reading;

static void say(Reading *reading, TextClass class_, const char *subject, ConditionState state, const char *seen) {
    const struct ClassRow *row = &CLASS_ROWS[class_];
    Arena *arena = reading->out->arena;
    reading->found[class_]++;
    conditions_add(reading->out,
                   &(Condition){.group = row->group,
                                .name = row->name,
                                .subject = subject,
                                .state = state,
                                .required = arena_printf(arena, "%s: %s", reading->texts->answer->shown, row->required),
                                .seen = seen});
}

/* ---- one text ---------------------------------------------------------------------------------------------------- */

enum { STATEMENT_SHOWN_BYTES = 120 };

/* On one line, and not all of it. */
static const char *shortened(Arena *arena, const char *text) {
    Buf line = {0};
    for (const char *c = text; *c != '\0'; c++) {
        bool blank = *c == ' ' || *c == '\n' || *c == '\t' || *c == '\r';
        if (!blank) {
            buf_char(&line, *c);
        } else if (line.length > 0 && line.bytes[line.length - 1] != ' ') {
            buf_char(&line, ' ');
        }
    }
    size_t length = line.length;
    if (length > STATEMENT_SHOWN_BYTES) {
        length = STATEMENT_SHOWN_BYTES;
        while (length > 0 && ((unsigned char)line.bytes[length] & 0xC0) == 0x80) {
            length--;
        }
    }
    const char *copy = arena_printf(arena, "%.*s%s", (int)length, line.length == 0 ? "" : line.bytes,
                                    length < line.length ? "..." : "");
    buf_free(&line);
    return copy;
}

/* "it names it; 1,234 calls by shop_app" */
static const char *seen_of(Arena *arena, const DependentText *text, const char *seen) {
    if (text->kind != TEXT_STATEMENT) {
        return seen;
    }
    Buf said = {0};
    buf_printf(&said, "%s; ", seen);
    shown_count(text->calls, &said);
    buf_printf(&said, " %s by %s", text->calls == 1 ? "call" : "calls", text->subject);
    const char *copy = arena_copy(arena, said.bytes, said.length);
    buf_free(&said);
    return copy;
}

static SqlFound found_in(Reading *reading, const DependentText *text, Arena *scratch) {
    if (text->text == NULL) {
        return (SqlFound){SQL_UNREADABLE, "it is too long to be read"};
    }
    if (text->kind == TEXT_CONDITION) {
        return sql_use_of_condition(&reading->subject, str_of(text->text), text->trigger, scratch);
    }
    if (text->kind != TEXT_FUNCTION) {
        return sql_use_of_statement(&reading->subject, str_of(text->text), scratch);
    }
    SqlFunction function = {.language = text->language,
                            .body = text->text,
                            .definition = text->definition == NULL ? "" : text->definition,
                            .trigger = text->trigger};
    return sql_use_of_function(&reading->subject, &function, scratch);
}

/* A function in whose text nothing of the table stands can only name it in SQL that it makes. There may be many, so
 * they are one condition. */
static void elsewhere(Reading *reading, const DependentText *text, unsigned uses) {
    if ((uses & (SQL_DYNAMIC | SQL_UNREADABLE)) != 0) {
        buf_printf(&reading->dynamic, "%s%s", reading->dynamic_count == 0 ? "" : ", ", text->subject);
        reading->dynamic_count++;
    }
}

static void text_read(Reading *reading, const DependentText *text, Arena *scratch) {
    Arena *arena = reading->out->arena;
    SqlFound found = found_in(reading, text, scratch);
    if (text->kind == TEXT_FUNCTION && !text->mentions && !text->trigger) {
        elsewhere(reading, text, found.uses);
        return;
    }
    for (size_t i = 0; i < sizeof USE_ROWS / sizeof *USE_ROWS; i++) {
        const struct UseRow *row = &USE_ROWS[i];
        if (row->kind == text->kind && (row->uses & found.uses) != 0) {
            bool trigger = text->kind == TEXT_FUNCTION && text->trigger;
            const char *subject = text->kind == TEXT_STATEMENT
                                      ? shortened(arena, text->text == NULL ? "a long statement" : text->text)
                                      : text->subject;
            const char *seen = row->seen == NULL ? arena_printf(arena, "%s", found.why) : row->seen;
            say(reading, trigger ? CLASS_TRIGGER_FUNCTION : row->class_, subject, row->state,
                seen_of(arena, text, seen));
            return;
        }
    }
}

/* ---- all of them ------------------------------------------------------------------------------------------- */

static void dynamic_say(Reading *reading) {
    if (reading->dynamic_count == 0) {
        return;
    }
    const char *list = shortened(reading->out->arena, reading->dynamic.bytes);
    say(reading, CLASS_DYNAMIC_SQL, reading->texts->answer->shown, CONDITION_UNKNOWN,
        arena_printf(reading->out->arena, "%zu %s make SQL at run time, or are in a language that is not read: %s",
                     reading->dynamic_count, reading->dynamic_count == 1 ? "function may" : "functions may", list));
}

/* Classes in which nothing was found, where everything was looked at. */
static void clean_say(Reading *reading, TextClass from, TextClass to, const char *unknown) {
    const char *shown = reading->texts->answer->shown;
    for (TextClass i = from; i < to; i++) {
        if (reading->found[i] == 0) {
            say(reading, i, shown, unknown == NULL ? CONDITION_MET : CONDITION_UNKNOWN,
                unknown == NULL ? CLASS_ROWS[i].required : unknown);
        }
    }
}

static void texts_read(void *self) {
    Reading *reading = self;
    const Dependents *answer = reading->texts->answer;
    Arena scratch = {0};
    for (size_t i = 0; i < answer->text_count; i++) {
        text_read(reading, &answer->texts[i], &scratch);
        arena_empty(&scratch);
    }
    arena_free(&scratch);
}

static const SqlTable *tables_of(Arena *arena, const RelationName *names, size_t count) {
    SqlTable *tables = ARENA_MANY(arena, count, SqlTable);
    for (size_t i = 0; i < count; i++) {
        tables[i] = (SqlTable){names[i].schema, names[i].name};
    }
    return tables;
}

static SqlSubject subject_of(const ContractTexts *texts, Arena *arena) {
    const Dependents *answer = texts->answer;
    return (SqlSubject){
        .tables = tables_of(arena, answer->tables, answer->table_count),
        .table_count = answer->table_count,
        .name_shared = answer->name_shared,
        .column = answer->column,
        .replaced_by = texts->replaced_by,
        .replaced_count = texts->replaced_count,
        .relatives = tables_of(arena, answer->relatives, answer->relative_count),
        .relative_count = answer->relative_count,
        .relatives_known = answer->relatives_known,
    };
}

/* ---- whether the server counted ---------------------------------------------------------------------------- */

/* Frees `seen`; the condition has a copy of it. */
static void traffic_say(Conditions *out, const char *name, const char *shown, ConditionState state,
                        const char *required, Buf *seen, int64_t since_us) {
    conditions_add(out, &(Condition){.group = TRAFFIC,
                                     .name = name,
                                     .subject = shown,
                                     .state = state,
                                     .required = required,
                                     .seen = seen->length == 0 ? "" : seen->bytes,
                                     .since_us = since_us});
    buf_free(seen);
}

static void counted_say(const Traffic *traffic, const char *shown, Conditions *out) {
    Buf seen = {0};
    if (traffic->partial != NULL) {
        buf_printf(&seen, "%s: ", traffic->partial);
    }
    shown_count(traffic->statements, &seen);
    buf_text(&seen, " kinds of statements");
    if (traffic->own > 0) {
        buf_text(&seen, ", ");
        shown_count(traffic->own, &seen);
        buf_text(&seen, " of them twofold's own and left out");
    }
    traffic_say(out, "counted", shown, traffic->partial == NULL ? CONDITION_MET : CONDITION_UNKNOWN,
                "the server counts statements (pg_stat_statements)", &seen, 0);
}

static void window_say(const ContractTexts *texts, Conditions *out) {
    const Traffic *traffic = &texts->answer->traffic;
    int64_t counted_us = texts->now_us - traffic->since_us;
    bool long_enough = traffic->since_us > 0 && counted_us >= texts->window_us;
    Buf seen = {0}, required = {0};
    buf_text(&required, "counted for at least ");
    shown_duration(texts->window_us, &required);
    if (traffic->since_us == 0) {
        buf_text(&seen, "the server does not tell since when it counts");
    } else {
        buf_text(&seen, "counted for ");
        shown_duration(counted_us < 0 ? 0 : counted_us, &seen);
    }
    traffic_say(out, "window", texts->answer->shown, long_enough ? CONDITION_MET : CONDITION_UNKNOWN, required.bytes,
                &seen, traffic->since_us);
    buf_free(&required);
}

static void lost_say(const Traffic *traffic, const char *shown, Conditions *out) {
    Buf forgotten = {0}, hidden = {0};
    if (traffic->forgotten > 0) {
        shown_count(traffic->forgotten, &forgotten);
        buf_text(&forgotten, " times statements were dropped to make room (dealloc): raise pg_stat_statements.max");
    } else {
        buf_text(&forgotten, "none was dropped");
    }
    traffic_say(out, "forgotten", shown, traffic->forgotten > 0 ? CONDITION_UNKNOWN : CONDITION_MET,
                "the server has forgotten no statement", &forgotten, 0);
    if (traffic->hidden > 0 || traffic->cut) {
        shown_count(traffic->hidden, &hidden);
        buf_text(&hidden, traffic->cut ? " hidden, and more than can be read at once"
                                       : " hidden from this role, or lost: GRANT pg_read_all_stats to it");
    } else {
        buf_text(&hidden, "all can");
    }
    traffic_say(out, "hidden", shown, traffic->hidden > 0 || traffic->cut ? CONDITION_UNKNOWN : CONDITION_MET,
                "the text of every statement can be seen", &hidden, 0);
}

void contract_texts(const ContractTexts *texts, Conditions *out) {
    const Dependents *answer = texts->answer;
    Reading reading = {.texts = texts, .subject = subject_of(texts, out->arena), .out = out};
    const char *unread = sql_parser_run(texts_read, &reading) ? NULL : "no thread could be made to read them";
    dynamic_say(&reading);
    buf_free(&reading.dynamic);
    clean_say(&reading, CLASS_FUNCTION, CLASS_STATEMENT, unread == NULL ? answer->texts_unknown : unread);
    if (answer->traffic.unknown != NULL) {
        Buf seen = {0};
        buf_text(&seen, answer->traffic.unknown);
        traffic_say(out, "counted", answer->shown, CONDITION_UNKNOWN,
                    "the server counts statements (pg_stat_statements)", &seen, 0);
        return;
    }
    counted_say(&answer->traffic, answer->shown, out);
    window_say(texts, out);
    lost_say(&answer->traffic, answer->shown, out);
    clean_say(&reading, CLASS_STATEMENT, CLASSES, unread == NULL ? answer->traffic.partial : unread);
}
