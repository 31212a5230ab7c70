/* SQL text -> the tree of PostgreSQL's own parser (libpg_query), as JSON.
 *
 * In: texts of anybody: of a view, a function, pg_stat_statements. Out: trees, or why there is none.
 * Promises: texts beyond SQL_PARSE_MAX_BYTES and trees nested deeper than JSON_MAX_DEPTH are refused, not tried. This
 * pair of files alone knows whether libpg_query is built in.
 * The parser walks deep trees by recursion, so its callers run on a stack made for that: sql_parser_run.
 */
#ifndef GATE_SQL_PARSE_H
#define GATE_SQL_PARSE_H

#include "base/json.h"

enum { SQL_PARSE_MAX_BYTES = 1 << 18 };

bool sql_parser_built_in(void);

/* Calls work(self) where sql_parse may be called, and waits for it. False: no thread could be made. */
bool sql_parser_run(void (*work)(void *self), void *self);

/* Statements. *out_why: a sentence in arena, written on failure only. */
bool sql_parse(Str text, Arena *arena, const JsonNode **out, const char **out_why);
/* A CREATE FUNCTION or DO statement whose body is PL/pgSQL. */
bool sql_parse_plpgsql(Str text, Arena *arena, const JsonNode **out, const char **out_why);

#endif
