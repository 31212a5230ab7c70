#include "gate/sql_parse.h"

#include <pthread.h>
#include <string.h>

#ifdef TWOFOLD_PG_QUERY
#include <pg_query.h>

bool sql_parser_built_in(void) {
    return true;
}

static const char *error_keep(const PgQueryError *error, Arena *arena) {
    const char *message = error == NULL || error->message == NULL ? "no tree" : error->message;
    return arena_printf(arena, "libpg_query cannot read it: %.200s", message);
}

/* The tree outlives the parser's own memory: its text is copied first. */
static bool tree_keep(const char *json, Arena *arena, const JsonNode **out, const char **out_why) {
    Str text = json == NULL ? (Str){0} : str_copy(arena, str_of(json));
    if (!json_read(text, arena, out)) {
        *out_why = "it is nested too deep";
        return false;
    }
    return true;
}

static bool parse_statements(const char *text, Arena *arena, const JsonNode **out, const char **out_why) {
    PgQueryParseResult result = pg_query_parse(text);
    if (result.error != NULL) {
        *out_why = error_keep(result.error, arena);
    }
    bool good = result.error == NULL && tree_keep(result.parse_tree, arena, out, out_why);
    pg_query_free_parse_result(result);
    return good;
}

static bool parse_plpgsql(const char *text, Arena *arena, const JsonNode **out, const char **out_why) {
    PgQueryPlpgsqlParseResult result = pg_query_parse_plpgsql(text);
    if (result.error != NULL) {
        *out_why = error_keep(result.error, arena);
    }
    bool good = result.error == NULL && tree_keep(result.plpgsql_funcs, arena, out, out_why);
    pg_query_free_plpgsql_parse_result(result);
    return good;
}

#else

bool sql_parser_built_in(void) {
    return false;
}

static bool parse_statements(const char *text, Arena *arena, const JsonNode **out, const char **out_why) {
    (void)text;
    (void)arena;
    (void)out;
    *out_why = "this build has no libpg_query to read it";
    return false;
}

static bool parse_plpgsql(const char *text, Arena *arena, const JsonNode **out, const char **out_why) {
    return parse_statements(text, arena, out, out_why);
}

#endif

typedef bool Parser(const char *text, Arena *arena, const JsonNode **out, const char **out_why);

static bool parse_by(Parser *parser, Str text, Arena *arena, const JsonNode **out, const char **out_why) {
    if (text.length > SQL_PARSE_MAX_BYTES) {
        *out_why = arena_printf(arena, "it is longer than %d bytes", SQL_PARSE_MAX_BYTES);
        return false;
    }
    if (text.length > 0 && memchr(text.bytes, '\0', text.length) != NULL) {
        *out_why = "there is a NUL in it";
        return false;
    }
    return parser(str_copy(arena, text).bytes, arena, out, out_why);
}

bool sql_parse(Str text, Arena *arena, const JsonNode **out, const char **out_why) {
    return parse_by(parse_statements, text, arena, out, out_why);
}

bool sql_parse_plpgsql(Str text, Arena *arena, const JsonNode **out, const char **out_why) {
    return parse_by(parse_plpgsql, text, arena, out, out_why);
}

/* ---- the stack ---------------------------------------------------------------------------------------------- */

/* 1+1+1+... of the longest text nests 131,072 deep, at some 80 bytes a level of the parser's printer, and more under a
 * sanitizer. Only what is used of it is ever taken from the system. */
enum { STACK_BYTES = 1 << 28 };

typedef struct Job {
    void (*work)(void *self);
    void *self;
} Job;

static void *job_run(void *self) {
    Job *job = self;
    job->work(job->self);
    return NULL;
}

bool sql_parser_run(void (*work)(void *self), void *self) {
    Job job = {work, self};
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes) != 0) {
        return false;
    }
    bool good = pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0 &&
                pthread_create(&thread, &attributes, job_run, &job) == 0 && pthread_join(thread, NULL) == 0;
    pthread_attr_destroy(&attributes);
    return good;
}
