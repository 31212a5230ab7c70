#include "source/postgres_dependents.h"

#include "base/dotted.h"
#include "source/postgres_questions.h"
#include "source/postgres_statements.h"

#include <stdlib.h>
#include <string.h>

static const char DOING[] = "learn what depends on it";

static const char *kept(Arena *arena, const PGresult *rows, int row, int field) {
    if (PQgetisnull(rows, row, field)) {
        return NULL;
    }
    return arena_copy(arena, PQgetvalue(rows, row, field), (size_t)PQgetlength(rows, row, field));
}

/* ---- which column --------------------------------------------------------------------------------------------- */

static const char RESOLVE_SQL[] =
    "SELECT c.oid, n.nspname, c.relname, c.relkind FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = pg_catalog.to_regclass($1)";

static const char COLUMNS_SQL[] =
    "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped"
    " ORDER BY attnum";

static const char TABLES_SQL[] =
    "SELECT CASE WHEN $1::text IS NULL THEN c.relname ELSE n.nspname || '.' || c.relname END"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p', 'f') AND CASE WHEN $1::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid)"
    "  AND n.nspname <> 'pg_catalog' ELSE n.nspname = $1 END ORDER BY 1 LIMIT 1000";

/* What is dropped, as the catalog has it; `column` NULL: all of it. */
typedef struct Target {
    const char *oid;
    const char *schema, *table, *column;
    const char *instead; /* text[] of the columns that take its place */
    const char *runners; /* a pattern of the functions that run texts */
} Target;

static const char *quoted(PgSession *session, Arena *arena, const char *name) {
    char *text = PQescapeIdentifier(session->conn, name, strlen(name));
    const char *copy = arena_printf(arena, "%s", text == NULL ? "\"\"" : text);
    PQfreemem(text);
    return copy;
}

/* "shop"."orders"; *out_found false: no such relation. */
static bool relation_find(PgSession *session, const char *name, Arena *arena, Target *out, bool *out_found, Err *err) {
    PGresult *row;
    if (!pg_session_ask(session, RESOLVE_SQL, &name, 1, "look for the table", &row, err)) {
        return false;
    }
    *out_found = PQntuples(row) == 1 && strchr("rpf", PQgetvalue(row, 0, 3)[0]) != NULL;
    if (*out_found) {
        out->oid = kept(arena, row, 0, 0);
        out->schema = kept(arena, row, 0, 1);
        out->table = kept(arena, row, 0, 2);
    }
    PQclear(row);
    return true;
}

/* A table of `parts`, schema and name or name alone; "public" is looked at for a name that the search path lacks. */
static bool table_find(PgSession *session, const char *const *parts, size_t count, Arena *arena, Target *out,
                       bool *out_found, Err *err) {
    const char *name = quoted(session, arena, parts[count - 1]);
    const char *first = count == 1 ? name : arena_printf(arena, "%s.%s", quoted(session, arena, parts[0]), name);
    if (!relation_find(session, first, arena, out, out_found, err)) {
        return false;
    }
    if (*out_found || count > 1) {
        return true;
    }
    return relation_find(session, arena_printf(arena, "public.%s", name), arena, out, out_found, err);
}

static bool names_read(PgSession *session, const char *sql, const char *param, Arena *arena, const char ***out,
                       size_t *out_count, Err *err) {
    PGresult *rows;
    if (!pg_session_ask(session, sql, &param, 1, "look for the name", &rows, err)) {
        return false;
    }
    *out_count = (size_t)PQntuples(rows);
    *out = ARENA_MANY(arena, *out_count, const char *);
    for (size_t i = 0; i < *out_count; i++) {
        (*out)[i] = kept(arena, rows, (int)i, 0);
    }
    PQclear(rows);
    return true;
}

static bool no_table(PgSession *session, const char *const *parts, size_t count, const char *name, Arena *arena,
                     Err *err) {
    const char **names;
    size_t name_count;
    const char *schema = count == 3 ? parts[0] : NULL;
    const char *sought = count == 3 ? arena_printf(arena, "%s.%s", parts[0], parts[1]) : parts[0];
    if (!names_read(session, TABLES_SQL, schema, arena, &names, &name_count, err)) {
        return false;
    }
    const char *nearest = str_nearest(str_of(sought), names, name_count);
    err_set(err, TF_ERROR_USAGE, "cannot drop \"%s\": there is no table \"%s\" in %s", name, sought,
            session->info.place);
    if (nearest != NULL) {
        return err_hint(err, "Did you mean \"%s\"?", nearest);
    }
    return err_hint(err, "Write table.column or schema.table.column; a name with a dot is written in double quotes.");
}

static bool column_check(PgSession *session, const Target *target, const char *name, Arena *arena, Err *err) {
    const char **names;
    size_t count;
    if (!names_read(session, COLUMNS_SQL, target->oid, arena, &names, &count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], target->column) == 0) {
            return true;
        }
    }
    const char *nearest = str_nearest(str_of(target->column), names, count);
    err_set(err, TF_ERROR_USAGE, "cannot drop \"%s\": %s.%s has no column \"%s\"", name, target->schema, target->table,
            target->column);
    return nearest == NULL ? false : err_hint(err, "Did you mean \"%s\"?", nearest);
}

/* a.b is column b of table a, or, where there is no such table, table b of schema a. */
static bool target_find(PgSession *session, const char *name, Arena *arena, Target *out, Err *err) {
    const char *parts[3];
    size_t count = dotted_parts(arena, name, parts, 3);
    bool found = false;
    Target target = {0};
    if (count == 0) {
        err_set(err, TF_ERROR_USAGE, "cannot read \"%s\" as the name of a column", name);
        return err_hint(err,
                        "Write table.column or schema.table.column; a name with a dot is written in double quotes.");
    }
    if (count > 1) {
        if (!table_find(session, parts, count - 1, arena, &target, &found, err)) {
            return false;
        }
        target.column = found ? parts[count - 1] : NULL;
    }
    if (!found && count < 3 && !table_find(session, parts, count, arena, &target, &found, err)) {
        return false;
    }
    if (!found) {
        return no_table(session, parts, count, name, arena, err);
    }
    if (target.column != NULL && !column_check(session, &target, name, arena, err)) {
        return false;
    }
    *out = target;
    return true;
}

/* ---- whose ------------------------------------------------------------------------------------------------------ */

/* What a side is made of; by catalog rows, since a role may lack the right to a schema. `same`: by inheritance alone,
 * under the same names. */
static const char PART_SQL[] =
    "WITH RECURSIVE step(parent, child, same) AS (SELECT inhparent, inhrelid, true FROM pg_inherits"
    "  UNION ALL SELECT r.ev_class, d.refobjid, false FROM pg_rewrite r JOIN pg_depend d"
    "  ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid"
    "  AND d.refclassid = 'pg_class'::regclass WHERE r.ev_type = '1'),"
    " side(name, schema, relation) AS (VALUES ('old', $2::text, $3::text), ('new', $4::text, $5::text)),"
    " part(side, relid, same) AS (SELECT s.name, c.oid, true FROM side s"
    "  JOIN pg_namespace n ON n.nspname = s.schema"
    "  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.relation"
    "  UNION SELECT p.side, s.child, p.same AND s.same FROM part p JOIN step s ON s.parent = p.relid),"
    " tree(relid) AS (SELECT $1::oid"
    "  UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON i.inhparent = t.relid)"
    " SELECT coalesce(bool_or(side = 'old' AND relid = $1::oid), false),"
    "  coalesce(bool_or(side = 'old' AND relid = $1::oid AND same), false),"
    "  coalesce(bool_or(side = 'new' AND relid IN (SELECT relid FROM tree)), false) FROM part";

static bool part_read(PgSession *session, const Target *target, const DropRef *ref, Arena *arena, Dependents *out,
                      Err *err) {
    PGresult *row;
    const char *old[2] = {NULL, NULL}, *new_[2] = {NULL, NULL};
    dotted_parts(arena, ref->old, old, 2);
    if (ref->kept != NULL) {
        dotted_parts(arena, ref->kept, new_, 2);
    }
    const char *const params[] = {target->oid, old[0], old[1], new_[0], new_[1]};
    if (!pg_session_ask(session, PART_SQL, params, 5, "learn whose table it is", &row, err)) {
        return false;
    }
    bool is_old = PQgetvalue(row, 0, 0)[0] == 't', is_new = PQgetvalue(row, 0, 2)[0] == 't';
    out->part = !is_old ? DROP_OF_NEITHER : is_new ? DROP_OF_BOTH : DROP_OF_OLD;
    out->same_columns = PQgetvalue(row, 0, 1)[0] == 't';
    PQclear(row);
    if (target->column != NULL || out->part != DROP_OF_OLD) {
        return true;
    }
    const char **names;
    bool good = names_read(session, COLUMNS_SQL, target->oid, arena, &names, &out->column_count, err);
    out->columns = good ? names : NULL;
    return good;
}

/* {"a","b"} */
static const char *text_array(Arena *arena, const char *const *names, size_t count) {
    Buf text = {0};
    buf_char(&text, '{');
    for (size_t i = 0; i < count; i++) {
        buf_text(&text, i == 0 ? "\"" : ",\"");
        for (const char *c = names[i]; *c != '\0'; c++) {
            buf_text(&text, *c == '"' || *c == '\\' ? "\\" : "");
            buf_char(&text, *c);
        }
        buf_char(&text, '"');
    }
    buf_char(&text, '}');
    const char *copy = arena_copy(arena, text.bytes, text.length);
    buf_free(&text);
    return copy;
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

/* What the server refuses is told. */
static bool ask(PgSession *session, const Target *target, const char *sql, Arena *arena, PGresult **out,
                const char **out_unknown, Err *err) {
    const char *const params[] = {target->oid, target->column, target->instead, target->runners};
    const char *text = arena_printf(arena, "%s%s", PG_GONE_SQL, sql);
    int count = strstr(sql, "$4") == NULL ? 3 : 4;
    return pg_session_ask_softly(session, text, params, count, DOING, arena, out, out_unknown, err);
}

static DependentState state_of(const char *text) {
    return text[0] == 'n' ? DEPENDENT_CERTAIN : text[0] == 'm' ? DEPENDENT_NOTED : DEPENDENT_POSSIBLE;
}

static bool class_read(PgSession *session, const Target *target, const PgQuestion *question, Arena *arena,
                       DependentClass *out, Err *err) {
    PGresult *rows;
    *out = (DependentClass){.group = question->group, .name = question->name, .required = question->required};
    if (!ask(session, target, question->sql, arena, &rows, &out->unknown, err)) {
        PQclear(rows);
        return false;
    }
    out->count = (size_t)PQntuples(rows);
    Dependent *items = ARENA_MANY(arena, out->count, Dependent);
    for (size_t i = 0; i < out->count; i++) {
        items[i] = (Dependent){state_of(PQgetvalue(rows, (int)i, 0)), kept(arena, rows, (int)i, 1),
                               kept(arena, rows, (int)i, 2)};
    }
    out->items = items;
    PQclear(rows);
    return true;
}

static bool classes_read(PgSession *session, const Target *target, unsigned asked, Arena *arena, Dependents *out,
                         Err *err) {
    DependentClass *classes = ARENA_MANY(arena, PG_QUESTION_COUNT, DependentClass);
    out->classes = classes;
    for (size_t i = 0; i < PG_QUESTION_COUNT; i++) {
        const PgQuestion *question = &PG_QUESTIONS[i];
        bool known =
            session->version >= question->since && (question->before == 0 || session->version < question->before);
        if (known && (question->asked & asked) != 0 &&
            !class_read(session, target, question, arena, &classes[out->class_count++], err)) {
            return false;
        }
    }
    return true;
}

static bool traits_read(PgSession *session, const Target *target, Arena *arena, Dependents *out, Err *err) {
    PGresult *rows;
    const char *const params[] = {target->oid, target->column, target->instead};
    const char *sql = arena_printf(arena, "%s%s", PG_GONE_SQL, PG_TRAITS_SQL);
    if (!pg_session_ask(session, sql, params, 3, DOING, &rows, err)) {
        return false;
    }
    out->trait_count = (size_t)PQntuples(rows);
    ColumnTrait *traits = ARENA_MANY(arena, out->trait_count, ColumnTrait);
    for (size_t i = 0; i < out->trait_count; i++) {
        traits[i] = (ColumnTrait){kept(arena, rows, (int)i, 0), kept(arena, rows, (int)i, 1)};
    }
    out->traits = traits;
    PQclear(rows);
    return true;
}

/* ---- names for the texts ---------------------------------------------------------------------------------------- */

enum { RELATIVES_MAX = 2000 };

static const char TREE_SQL[] = "SELECT n.nspname, c.relname FROM tree t JOIN pg_class c ON c.oid = t.relid"
                               " JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY t.relid <> $1::oid, 1, 2";

/* A session's temporary tables are its own, and known to no other. */
static const char RELATIVES_SQL[] =
    "SELECT DISTINCT n.nspname, c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE a.attname = $2 AND NOT a.attisdropped"
    " AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.oid NOT IN (SELECT relid FROM tree)"
    " AND c.relpersistence <> 't' AND NOT EXISTS (SELECT FROM pg_class o WHERE o.relname = c.relname"
    "  AND o.oid <> c.oid AND o.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT EXISTS (SELECT FROM pg_attribute b"
    "  WHERE b.attrelid = o.oid AND b.attname = $2 AND NOT b.attisdropped)) LIMIT 2001";

static const char SHARED_SQL[] =
    "SELECT 1 FROM tree t JOIN pg_class c ON c.oid = t.relid JOIN pg_class o ON o.relname = c.relname"
    " WHERE o.relkind IN ('r', 'p', 'v', 'm', 'f') AND o.oid NOT IN (SELECT relid FROM tree)"
    " AND o.relpersistence <> 't' LIMIT 1";

static bool relations_read(PgSession *session, const Target *target, const char *sql, Arena *arena,
                           const RelationName **out, size_t *out_count, Err *err) {
    PGresult *rows;
    const char *const params[] = {target->oid, target->column, target->instead};
    const char *text = arena_printf(arena, "%s%s", PG_GONE_SQL, sql);
    if (!pg_session_ask(session, text, params, 3, DOING, &rows, err)) {
        return false;
    }
    *out_count = (size_t)PQntuples(rows);
    RelationName *names = ARENA_MANY(arena, *out_count, RelationName);
    for (size_t i = 0; i < *out_count; i++) {
        const char *name = PQnfields(rows) > 1 ? kept(arena, rows, (int)i, 1) : NULL;
        names[i] = (RelationName){kept(arena, rows, (int)i, 0), name};
    }
    *out = names;
    PQclear(rows);
    return true;
}

static bool names_of_texts(PgSession *session, const Target *target, Arena *arena, Dependents *out, Err *err) {
    const RelationName *shared;
    size_t shared_count = 0;
    if (!relations_read(session, target, TREE_SQL, arena, &out->tables, &out->table_count, err) ||
        !relations_read(session, target, RELATIVES_SQL, arena, &out->relatives, &out->relative_count, err) ||
        !relations_read(session, target, SHARED_SQL, arena, &shared, &shared_count, err)) {
        return false;
    }
    out->name_shared = shared_count > 0;
    out->relatives_known = out->relative_count <= RELATIVES_MAX;
    return true;
}

/* ---- functions, views, conditions -------------------------------------------------------------------------------- */

static const char *runners_pattern(Arena *arena) {
    const char *pattern = sql_runners[0].name;
    for (size_t i = 1; i < SQL_RUNNERS; i++) {
        pattern = arena_printf(arena, "%s|%s", pattern, sql_runners[i].name);
    }
    return pattern;
}

/* A superset of what can name it: a body with the name of the column or the table in it, whatever stands around;
 * triggers' functions; bodies that make SQL at run time, or can, in a language of which nothing is read. What an
 * extension brought knows nobody's columns. Bodies that are no strings are read where they take whole rows. */
static const char FUNCTIONS_SQL[] =
    ", known AS (SELECT lower($2 COLLATE \"C\") AS name WHERE $2 IS NOT NULL UNION SELECT lower(c.relname COLLATE "
    "\"C\")"
    "  FROM tree t JOIN pg_class c ON c.oid = t.relid UNION SELECT 'u&\"'),"
    " body AS (SELECT p.oid, l.lanname, p.prosrc, EXISTS (SELECT FROM known k WHERE position(k.name IN"
    "  lower(p.prosrc COLLATE \"C\")) > 0) AS mentions,"
    "  EXISTS (SELECT FROM tree t JOIN pg_trigger g ON g.tgrelid = t.relid WHERE g.tgfoid = p.oid"
    "   AND NOT g.tgisinternal) AS of_trigger,"
    "  EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid"
    "   AND d.deptype = 'e') AS of_extension,"
    "  EXISTS (SELECT FROM tree t JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.relid"
    "   AND d.classid = 'pg_proc'::regclass WHERE d.objid = p.oid) AND NOT EXISTS (SELECT FROM dep d"
    "   WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid) AS of_rows"
    "  FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang"
    "  WHERE p.pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
    "  AND l.lanname NOT IN ('c', 'internal')),"
    " wanted AS (SELECT *, octet_length(prosrc) AS bytes, sum(octet_length(prosrc)) OVER (ORDER BY oid) AS total"
    "  FROM body WHERE mentions OR of_trigger OR of_rows OR NOT of_extension"
    "  AND (lanname NOT IN ('sql', 'plpgsql') OR lanname = 'plpgsql' AND prosrc ~* '\\mexecute\\M'"
    "   OR prosrc ~* $4::text))"
    " SELECT oid::regprocedure, lanname, CASE WHEN bytes <= 262144 AND total <= 33554432 THEN prosrc END,"
    " CASE WHEN bytes <= 262144 AND total <= 33554432 THEN pg_get_functiondef(oid) END, of_trigger, mentions OR of_rows"
    " FROM wanted ORDER BY 1";

/* Views that read the table, but, as far as the catalog knows, not the column; and those that run a text. */
static const char VIEWS_SQL[] =
    "SELECT DISTINCT c.oid::regclass, NULL, pg_get_viewdef(c.oid), NULL, false, true FROM tree t"
    " JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.relid"
    " JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid"
    " JOIN pg_class c ON c.oid = r.ev_class AND c.relkind IN ('v', 'm') WHERE $2 IS NOT NULL AND NOT EXISTS"
    "  (SELECT FROM dep x JOIN pg_rewrite y ON x.classid = 'pg_rewrite'::regclass AND y.oid = x.objid"
    "   WHERE y.ev_class = c.oid) UNION SELECT c.oid::regclass, NULL, pg_get_viewdef(c.oid), NULL, false, true"
    " FROM pg_class c WHERE c.relkind IN ('v', 'm') AND c.relnamespace NOT IN ('pg_catalog'::regnamespace,"
    "  'information_schema'::regnamespace) AND pg_get_viewdef(c.oid) ~* $4::text ORDER BY 1";

/* What the catalog knows to depend on the table, and not on the column: it may take whole rows, which would lose a
 * part in silence. Of two whole rows that are compared, both lose it. */
static const char CONDITIONS_SQL[] =
    ", whole AS (SELECT d.classid, d.objid FROM tree t JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass"
    "  AND d.refobjid = t.relid EXCEPT SELECT classid, objid FROM dep),"
    " said (subject, text, own) AS (SELECT 'rule ' || r.rulename || ' on ' || r.ev_class::regclass,"
    "  pg_get_ruledef(r.oid), r.ev_class IN (SELECT relid FROM tree) FROM whole w"
    "  JOIN pg_rewrite r ON w.classid = 'pg_rewrite'::regclass AND r.oid = w.objid WHERE r.ev_type <> '1'"
    " UNION SELECT 'policy ' || p.polname || ' on ' || p.polrelid::regclass, 'SELECT ' || concat_ws(', ',"
    "  pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) || ' FROM '"
    "  || p.polrelid::regclass, false FROM whole w"
    "  JOIN pg_policy p ON w.classid = 'pg_policy'::regclass AND p.oid = w.objid"
    " UNION SELECT 'CHECK ' || k.conname || ' on ' || k.conrelid::regclass, 'SELECT ' ||"
    "  pg_get_expr(k.conbin, k.conrelid) || ' FROM ' || k.conrelid::regclass, false FROM tree t"
    "  JOIN pg_constraint k ON k.conrelid = t.relid AND k.contype = 'c' AND k.coninhcount = 0"
    "  WHERE NOT EXISTS (SELECT FROM gone g WHERE g.relid = k.conrelid AND g.attnum = ANY (k.conkey))"
    " UNION SELECT 'index ' || i.indexrelid::regclass, 'SELECT ' || concat_ws(', ',"
    "  pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid)) || ' FROM ' || i.indrelid::regclass,"
    "  false FROM tree t JOIN pg_index i ON i.indrelid = t.relid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)"
    "  WHERE NOT EXISTS (SELECT FROM dep d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid)"
    " UNION SELECT 'trigger ' || g.tgname || ' on ' || g.tgrelid::regclass,"
    "  replace(pg_get_triggerdef(g.oid), 'old.* IS DISTINCT FROM new.*', 'true'), true FROM tree t"
    "  JOIN pg_trigger g ON g.tgrelid = t.relid AND g.tgqual IS NOT NULL AND NOT g.tgisinternal"
    "  WHERE NOT EXISTS (SELECT FROM dep d WHERE d.classid = 'pg_trigger'::regclass AND d.objid = g.oid))"
    " SELECT subject, NULL, CASE WHEN octet_length(text) <= 262144 THEN text END, NULL, own, true FROM said"
    " WHERE $2 IS NOT NULL ORDER BY 1";

static bool texts_read(PgSession *session, const Target *target, const char *sql, DependentTextKind kind, Arena *arena,
                       PgTexts *texts, const char **out_unknown, Err *err) {
    PGresult *rows;
    const char *unknown;
    bool good = ask(session, target, sql, arena, &rows, &unknown, err);
    for (int i = 0; good && i < PQntuples(rows); i++) {
        pg_texts_add(texts, arena,
                     (DependentText){
                         .kind = kind,
                         .subject = kept(arena, rows, i, 0),
                         .language = kept(arena, rows, i, 1),
                         .text = kept(arena, rows, i, 2),
                         .definition = kept(arena, rows, i, 3),
                         .trigger = PQgetvalue(rows, i, 4)[0] == 't',
                         .mentions = PQgetvalue(rows, i, 5)[0] == 't',
                     });
    }
    PQclear(rows);
    *out_unknown = *out_unknown == NULL ? unknown : *out_unknown;
    return good;
}

/* ---- all of it --------------------------------------------------------------------------------------------- */

static void target_take(const Target *target, Arena *arena, Dependents *out) {
    *out = (Dependents){
        .shown = arena_printf(arena, "%s.%s%s%s", target->schema, target->table, target->column == NULL ? "" : ".",
                              target->column == NULL ? "" : target->column),
        .table_id = (uint32_t)strtoul(target->oid, NULL, 10),
        .column = target->column,
    };
}

/* From here on no name means anybody's own function, type or operator. */
static bool catalog_only(PgSession *session, Err *err) {
    return pg_session_run(session, "SET LOCAL search_path = pg_catalog", DOING, err);
}

bool pg_dependents(PgSession *session, const DropRef *ref, Arena *arena, Dependents *out, Err *err) {
    Target target;
    Dependents answer;
    PgTexts texts = {0};
    if (!target_find(session, ref->name, arena, &target, err) || !catalog_only(session, err)) {
        return false;
    }
    target_take(&target, arena, &answer);
    if (!part_read(session, &target, ref, arena, &answer, err)) {
        return false;
    }
    if (answer.part == DROP_OF_NEITHER || (answer.part == DROP_OF_BOTH && target.column == NULL)) {
        *out = answer;
        return true;
    }
    target.instead = text_array(arena, ref->replaced_by, ref->replaced_count);
    target.runners = runners_pattern(arena);
    unsigned asked = target.column == NULL ? PG_ASKED_OF_TABLE : PG_ASKED_OF_COLUMN;
    if (!classes_read(session, &target, asked, arena, &answer, err) ||
        !traits_read(session, &target, arena, &answer, err) || !names_of_texts(session, &target, arena, &answer, err) ||
        !texts_read(session, &target, FUNCTIONS_SQL, TEXT_FUNCTION, arena, &texts, &answer.texts_unknown, err) ||
        !texts_read(session, &target, VIEWS_SQL, TEXT_VIEW, arena, &texts, &answer.texts_unknown, err) ||
        !texts_read(session, &target, CONDITIONS_SQL, TEXT_CONDITION, arena, &texts, &answer.texts_unknown, err) ||
        !pg_statements(session, answer.tables, answer.table_count, arena, &texts, &answer.traffic, err)) {
        return false;
    }
    answer.texts = texts.items;
    answer.text_count = texts.count;
    *out = answer;
    return true;
}

bool pg_replacement(PgSession *session, const char *table, const char *column, Arena *arena, Dependents *out,
                    Err *err) {
    Target target = {.column = column, .instead = "{}"};
    Dependents answer;
    bool found;
    if (!relation_find(session, table, arena, &target, &found, err)) {
        return false;
    }
    if (!found) {
        return err_set(err, TF_ERROR_SCHEMA, "cannot find table %s", table);
    }
    if (!column_check(session, &target, column, arena, err) || !catalog_only(session, err)) {
        return false;
    }
    target_take(&target, arena, &answer);
    if (!classes_read(session, &target, PG_ASKED_OF_REPLACEMENT, arena, &answer, err) ||
        !traits_read(session, &target, arena, &answer, err)) {
        return false;
    }
    *out = answer;
    return true;
}
