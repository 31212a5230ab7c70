#include "gate/sql_walk.h"

#include "gate/sql_words.h"
#include "source/dependents.h"

typedef struct Scope Scope;
struct Scope {
    const FromItem *items;
    const FromItem *ctes;
    bool dots_only;  /* its items answer to item.column, never to a bare column */
    bool stars_idle; /* of EXISTS (SELECT * ...): nothing is read by it */
    const Scope *outer;
};

typedef struct Walk {
    const SqlSubject *subject;
    Arena *scratch;
    unsigned uses;
} Walk;

static void walk(Walk *w, const JsonNode *node, const Scope *scope);
static void walk_member(Walk *w, const JsonNode *node, const Scope *scope);

/* ---- names ------------------------------------------------------------------------------------------------ */

static bool is(Str text, const char *name) {
    return name != NULL && str_equal(text, str_of(name));
}

static Str text_of(const Walk *w, const JsonNode *node, const char *member) {
    return json_content(json_get(node, member), w->scratch);
}

static bool is_set(const JsonNode *node, const char *member) {
    const JsonNode *flag = json_get(node, member);
    return flag != NULL && flag->type == JSON_TRUE;
}

static const JsonNode *first_of(const JsonNode *list) {
    return list == NULL ? NULL : list->first;
}

static Str string_of(const JsonNode *item, Arena *scratch) {
    return json_content(json_get(json_get(item, "String"), "sval"), scratch);
}

/* The names of a list of String nodes; {NULL, 0} for what is none (*). */
static size_t names_of(const JsonNode *list, Arena *scratch, Str *out, size_t room) {
    size_t count = 0;
    for (const JsonNode *item = first_of(list); item != NULL && count < room; item = item->next) {
        out[count++] = string_of(item, scratch);
    }
    return count;
}

static bool tables_hold(const SqlTable *tables, size_t count, Str schema, Str name) {
    for (size_t i = 0; i < count; i++) {
        if (is(name, tables[i].name) && (schema.length == 0 || is(schema, tables[i].schema))) {
            return true;
        }
    }
    return false;
}

static FromKind table_kind(const SqlSubject *subject, Str schema, Str name) {
    if (tables_hold(subject->tables, subject->table_count, schema, name)) {
        return schema.length == 0 && subject->name_shared ? FROM_MAYBE : FROM_OURS;
    }
    if (tables_hold(subject->relatives, subject->relative_count, schema, name)) {
        return FROM_RELATIVE;
    }
    return subject->relatives_known ? FROM_OTHER : FROM_DERIVED;
}

static const FromItem *item_find(const FromItem *items, Str alias) {
    while (items != NULL && !str_equal(items->alias, alias)) {
        items = items->next;
    }
    return items;
}

static bool is_cte(const Scope *scope, Str name) {
    for (; scope != NULL; scope = scope->outer) {
        if (item_find(scope->ctes, name) != NULL) {
            return true;
        }
    }
    return false;
}

/* The relation of a RangeVar. */
static FromKind relation_kind(Walk *w, const JsonNode *relation, const Scope *scope) {
    Str schema = text_of(w, relation, "schemaname");
    Str name = text_of(w, relation, "relname");
    if (schema.length == 0 && is_cte(scope, name)) {
        return FROM_DERIVED;
    }
    FromKind kind = table_kind(w->subject, schema, name);
    bool whole_table = w->subject->column == NULL;
    if (kind == FROM_OURS) {
        w->uses |= whole_table ? SQL_TOUCHES | SQL_NAMES : SQL_TOUCHES;
    } else if (kind == FROM_MAYBE) {
        w->uses |= whole_table ? SQL_TOUCHES | SQL_MAY_NAME : SQL_TOUCHES;
    }
    return kind;
}

/* ---- FROM ------------------------------------------------------------------------------------------------- */

static void item_add(Walk *w, const FromItem **list, Str alias, FromKind kind) {
    FromItem *item = ARENA_NEW(w->scratch, FromItem);
    *item = (FromItem){alias, kind, *list};
    *list = item;
}

static bool may_be_ours(unsigned kinds) {
    return (kinds & (FROM_OURS | FROM_MAYBE)) != 0;
}

static unsigned kinds_of(const FromItem *items) {
    unsigned kinds = 0;
    for (; items != NULL; items = items->next) {
        kinds |= items->kind;
    }
    return kinds;
}

/* `orders AS o (a, b)` gives the columns other names, which are not followed. What is written to is never a name of
 * WITH: `ctes` is NULL there. */
static void relation_add(Walk *w, Scope *scope, const JsonNode *relation, const Scope *ctes) {
    const JsonNode *alias = json_get(relation, "alias");
    Str name = text_of(w, alias, "aliasname");
    FromKind kind = relation_kind(w, relation, ctes);
    if (json_get(alias, "colnames") != NULL && may_be_ours(kind)) {
        w->uses |= SQL_MAY_NAME;
    }
    item_add(w, &scope->items, name.length > 0 ? name : text_of(w, relation, "relname"), kind);
}

static void from_add(Walk *w, Scope *scope, const JsonNode *node);

/* `(a JOIN b) AS j`: j.column may be of either. */
static void join_add(Walk *w, Scope *scope, const JsonNode *join) {
    const FromItem *before = scope->items;
    from_add(w, scope, json_get(join, "larg"));
    from_add(w, scope, json_get(join, "rarg"));
    Str alias = text_of(w, json_get(join, "alias"), "aliasname");
    if (alias.length > 0) {
        unsigned kinds = 0;
        for (const FromItem *item = scope->items; item != before; item = item->next) {
            kinds |= item->kind;
        }
        item_add(w, &scope->items, alias, may_be_ours(kinds) ? FROM_MAYBE : FROM_DERIVED);
    }
}

/* A list of what may stand in a FROM, or one of it: {"RangeVar": {...}}. */
static void from_add(Walk *w, Scope *scope, const JsonNode *node) {
    for (const JsonNode *item = first_of(node); item != NULL; item = item->next) {
        if (item->name.bytes == NULL) {
            from_add(w, scope, item);
        } else if (is(item->name, "RangeVar")) {
            relation_add(w, scope, item, scope);
        } else if (is(item->name, "JoinExpr")) {
            join_add(w, scope, item);
        } else if (is(item->name, "RangeTableSample")) {
            from_add(w, scope, json_get(item, "relation"));
        } else {
            item_add(w, &scope->items, text_of(w, json_get(item, "alias"), "aliasname"), FROM_DERIVED);
        }
    }
}

static void cte_add(Walk *w, const JsonNode *item, Scope *scope) {
    item_add(w, &scope->ctes, text_of(w, json_get(item, "CommonTableExpr"), "ctename"), FROM_DERIVED);
}

/* Fills a scope with the names of WITH. Its own queries see those before them, all of them where it is RECURSIVE: in
 * WITH orders AS (SELECT ... FROM orders) the inner one is the table. */
static void ctes_add(Walk *w, const JsonNode *statement, Scope *scope) {
    const JsonNode *with = json_get(statement, "withClause");
    const JsonNode *list = json_get(with, "ctes");
    bool all = is_set(with, "recursive");
    for (const JsonNode *item = first_of(list); all && item != NULL; item = item->next) {
        cte_add(w, item, scope);
    }
    for (const JsonNode *item = first_of(list); item != NULL; item = item->next) {
        walk(w, json_get(item, "CommonTableExpr"), scope);
        if (!all) {
            cte_add(w, item, scope);
        }
    }
}

/* ---- columns ---------------------------------------------------------------------------------------------- */

/* Of statements that run, the innermost scope that has such a column is the one that is meant. */
static void bare_column(Walk *w, const Scope *scope) {
    bool doubt = false;
    for (; scope != NULL; scope = scope->outer) {
        unsigned kinds = scope->dots_only ? 0 : kinds_of(scope->items);
        if (may_be_ours(kinds)) {
            w->uses |= (kinds & FROM_OURS) != 0 && !doubt ? SQL_NAMES : SQL_MAY_NAME;
            return;
        }
        if ((kinds & FROM_RELATIVE) != 0) {
            return;
        }
        doubt = doubt || (kinds & FROM_DERIVED) != 0;
    }
}

static const FromItem *alias_find(const Scope *scope, Str alias) {
    const FromItem *item = NULL;
    for (; scope != NULL && item == NULL; scope = scope->outer) {
        item = item_find(scope->items, alias);
    }
    return item;
}

static void bare_star(Walk *w, const Scope *scope) {
    if (!scope->stars_idle && may_be_ours(kinds_of(scope->items))) {
        w->uses |= SQL_WHOLE_ROW;
    }
}

/* The name of a row where a value is wanted: row_to_json(o). */
static void bare_row(Walk *w, const Scope *scope, Str name) {
    const FromItem *item = alias_find(scope, name);
    if (item != NULL && may_be_ours(item->kind)) {
        w->uses |= SQL_WHOLE_ROW;
    }
}

static void use_of_kind(Walk *w, FromKind kind, Str column) {
    bool star = column.length == 0;
    if (kind == FROM_OURS) {
        w->uses |= star ? SQL_WHOLE_ROW : is(column, w->subject->column) ? SQL_NAMES : 0U;
    } else if (kind == FROM_MAYBE) {
        w->uses |= star ? SQL_WHOLE_ROW : is(column, w->subject->column) ? SQL_MAY_NAME : 0U;
    }
}

/* alias.column; an alias that no FROM has is a variable, which may hold a row of anything. */
static void dotted_column(Walk *w, const Scope *scope, Str alias, Str column) {
    const FromItem *item = alias_find(scope, alias);
    if (item != NULL) {
        use_of_kind(w, item->kind, column);
    } else if (is(column, w->subject->column)) {
        w->uses |= SQL_MAY_NAME;
    }
}

static void on_column(Walk *w, const JsonNode *node, const Scope *scope) {
    Str parts[4];
    size_t count = names_of(json_get(node, "fields"), w->scratch, parts, 4);
    if (w->subject->column == NULL || count == 0) {
        return;
    }
    Str last = parts[count - 1];
    if (count == 1 && last.length == 0) {
        bare_star(w, scope);
    } else if (count == 1 && is(last, w->subject->column)) {
        bare_column(w, scope);
    } else if (count == 1) {
        bare_row(w, scope, last);
    } else if (count == 2) {
        dotted_column(w, scope, parts[0], last);
    } else {
        use_of_kind(w, table_kind(w->subject, parts[count - 3], parts[count - 2]), last);
    }
}

/* (row).column, f(x).column: of what, is not followed. */
static void on_indirection(Walk *w, const JsonNode *node, const Scope *scope) {
    Str parts[8];
    size_t count = names_of(json_get(node, "indirection"), w->scratch, parts, 8);
    for (size_t i = 0; i < count; i++) {
        w->uses |= is(parts[i], w->subject->column) ? SQL_MAY_NAME : 0U;
    }
    walk(w, node, scope);
}

/* x::orders, a variable of the row type; orders.total_amount%TYPE. */
static void on_type(Walk *w, const JsonNode *node, const Scope *scope) {
    Str parts[4];
    size_t count = names_of(json_get(node, "names"), w->scratch, parts, 4);
    Str none = {0};
    if (is_set(node, "pct_type") && count >= 2) {
        Str schema = count >= 3 ? parts[count - 3] : none;
        use_of_kind(w, table_kind(w->subject, schema, parts[count - 2]), parts[count - 1]);
    } else if (count > 0) {
        Str schema = count >= 2 ? parts[count - 2] : none;
        FromKind kind = table_kind(w->subject, schema, parts[count - 1]);
        w->uses |= may_be_ours(kind) ? SQL_WHOLE_ROW : 0U;
    }
    walk(w, node, scope);
}

/* USING (column) is a name; NATURAL joins by every name that both sides have. */
static void on_join(Walk *w, const JsonNode *node, const Scope *scope) {
    const JsonNode *using_ = json_get(node, "usingClause");
    bool ours = may_be_ours(kinds_of(scope->items));
    if (ours && is_set(node, "isNatural")) {
        w->uses |= SQL_MAY_NAME;
    }
    for (const JsonNode *item = first_of(using_); item != NULL; item = item->next) {
        w->uses |= ours && is(string_of(item, w->scratch), w->subject->column) ? SQL_NAMES : 0U;
    }
    walk(w, node, scope);
}

/* ---- statements ------------------------------------------------------------------------------------------- */

static void walk_except(Walk *w, const JsonNode *node, const Scope *scope, const char *const *except, size_t count) {
    for (const JsonNode *member = node->first; member != NULL; member = member->next) {
        bool skip = false;
        for (size_t i = 0; i < count; i++) {
            skip = skip || is(member->name, except[i]);
        }
        if (!skip) {
            walk_member(w, member, scope);
        }
    }
}

static void select_walk(Walk *w, const JsonNode *node, const Scope *outer, bool stars_idle) {
    static const char *const DONE[] = {"withClause", "larg", "rarg"};
    Scope ctes = {.outer = outer};
    Scope scope = {.outer = &ctes, .stars_idle = stars_idle};
    ctes_add(w, node, &ctes);
    from_add(w, &scope, json_get(node, "fromClause"));
    for (size_t i = 1; i < 3; i++) {
        const JsonNode *part = json_get(node, DONE[i]);
        if (part != NULL) {
            select_walk(w, part, &ctes, stars_idle);
        }
    }
    walk_except(w, node, &scope, DONE, 3);
}

static void on_select(Walk *w, const JsonNode *node, const Scope *scope) {
    select_walk(w, node, scope, false);
}

static void on_sublink(Walk *w, const JsonNode *node, const Scope *scope) {
    const JsonNode *select = json_get(json_get(node, "subselect"), "SelectStmt");
    if (is(text_of(w, node, "subLinkType"), "EXISTS_SUBLINK") && select != NULL) {
        select_walk(w, select, scope, true);
    } else {
        walk(w, node, scope);
    }
}

/* A subquery sees what stands beside it only where it is LATERAL. */
static void on_subquery(Walk *w, const JsonNode *node, const Scope *scope) {
    bool sees = is_set(node, "lateral") || scope->outer == NULL;
    walk(w, node, sees ? scope : scope->outer);
}

static bool is_replacement(const SqlSubject *subject, Str name) {
    for (size_t i = 0; i < subject->replaced_count; i++) {
        if (is(name, subject->replaced_by[i])) {
            return true;
        }
    }
    return false;
}

/* The columns that a statement writes, of those that matter. */
typedef struct Written {
    bool old;
    size_t replacements;
} Written;

static void written_add(const Walk *w, Written *written, Str name) {
    written->old = written->old || is(name, w->subject->column);
    written->replacements += is_replacement(w->subject, name);
}

static void written_use(Walk *w, const Written *written, FromKind kind) {
    if (written->old && may_be_ours(kind)) {
        w->uses |= SQL_WRITES_OLD;
        w->uses |= written->replacements < w->subject->replaced_count ? SQL_WRITES_ONLY : 0U;
    }
}

/* A list of ResTargets. */
static void targets(Walk *w, const JsonNode *list, FromKind kind) {
    Written written = {0};
    for (const JsonNode *item = first_of(list); item != NULL; item = item->next) {
        written_add(w, &written, text_of(w, json_get(item, "ResTarget"), "name"));
    }
    if (written.old) {
        use_of_kind(w, kind, str_of(w->subject->column));
    }
    written_use(w, &written, kind);
}

static void by_position(Walk *w, FromKind kind) {
    w->uses |= may_be_ours(kind) && w->subject->column != NULL ? SQL_BY_POSITION : 0U;
}

/* ON CONFLICT (column): an index on it decides which rows meet. */
static void conflict_columns(Walk *w, const JsonNode *conflict, FromKind kind) {
    const JsonNode *list = json_get(json_get(conflict, "infer"), "indexElems");
    for (const JsonNode *item = first_of(list); item != NULL; item = item->next) {
        Str name = text_of(w, json_get(item, "IndexElem"), "name");
        if (is(name, w->subject->column)) {
            use_of_kind(w, kind, name);
        }
    }
}

static void on_insert(Walk *w, const JsonNode *node, const Scope *outer) {
    static const char *const DONE[] = {"withClause", "relation", "selectStmt", "cols"};
    Scope ctes = {.outer = outer};
    Scope scope = {.outer = &ctes};
    const JsonNode *conflict = json_get(node, "onConflictClause");
    ctes_add(w, node, &ctes);
    relation_add(w, &scope, json_get(node, "relation"), NULL);
    FromKind kind = scope.items->kind;
    item_add(w, &scope.items, STR_LITERAL("excluded"), kind);
    if (json_get(node, "cols") == NULL && json_get(node, "selectStmt") != NULL) {
        by_position(w, kind);
    }
    targets(w, json_get(node, "cols"), kind);
    targets(w, json_get(conflict, "targetList"), kind);
    conflict_columns(w, conflict, kind);
    if (json_get(node, "selectStmt") != NULL) {
        walk(w, json_get(node, "selectStmt"), &ctes);
    }
    walk_except(w, node, &scope, DONE, 4);
}

/* UPDATE and DELETE. */
static void on_change(Walk *w, const JsonNode *node, const Scope *outer) {
    static const char *const DONE[] = {"withClause", "relation"};
    Scope ctes = {.outer = outer};
    Scope scope = {.outer = &ctes};
    ctes_add(w, node, &ctes);
    relation_add(w, &scope, json_get(node, "relation"), NULL);
    targets(w, json_get(node, "targetList"), scope.items->kind);
    from_add(w, &scope, json_get(node, "fromClause"));
    from_add(w, &scope, json_get(node, "usingClause"));
    walk_except(w, node, &scope, DONE, 2);
}

static void on_merge(Walk *w, const JsonNode *node, const Scope *outer) {
    static const char *const DONE[] = {"withClause", "relation"};
    Scope ctes = {.outer = outer};
    Scope scope = {.outer = &ctes};
    ctes_add(w, node, &ctes);
    relation_add(w, &scope, json_get(node, "relation"), NULL);
    FromKind kind = scope.items->kind;
    from_add(w, &scope, json_get(node, "sourceRelation"));
    const JsonNode *list = json_get(node, "mergeWhenClauses");
    for (const JsonNode *item = first_of(list); item != NULL; item = item->next) {
        const JsonNode *when = json_get(item, "MergeWhenClause");
        targets(w, json_get(when, "targetList"), kind);
        if (json_get(when, "targetList") == NULL && json_get(when, "values") != NULL) {
            by_position(w, kind);
        }
    }
    walk_except(w, node, &scope, DONE, 2);
}

static void on_copy(Walk *w, const JsonNode *node, const Scope *outer) {
    Scope scope = {.outer = outer};
    Written written = {0};
    const JsonNode *relation = json_get(node, "relation");
    const JsonNode *list = json_get(node, "attlist");
    bool writes = is_set(node, "is_from");
    walk(w, node, outer);
    if (relation == NULL) {
        return;
    }
    relation_add(w, &scope, relation, NULL);
    FromKind kind = scope.items->kind;
    if (list == NULL && writes) {
        by_position(w, kind);
    } else if (list == NULL) {
        use_of_kind(w, kind, (Str){0});
    }
    for (const JsonNode *item = first_of(list); item != NULL; item = item->next) {
        written_add(w, &written, string_of(item, w->scratch));
    }
    if (written.old) {
        use_of_kind(w, kind, str_of(w->subject->column));
    }
    if (writes) {
        written_use(w, &written, kind);
    }
}

/* ANALYZE orders (column) */
static void on_vacuum(Walk *w, const JsonNode *node, const Scope *outer) {
    Scope scope = {.outer = outer};
    relation_add(w, &scope, json_get(node, "relation"), NULL);
    for (const JsonNode *item = first_of(json_get(node, "va_cols")); item != NULL; item = item->next) {
        Str name = string_of(item, w->scratch);
        use_of_kind(w, is(name, w->subject->column) ? scope.items->kind : FROM_OTHER, name);
    }
}

/* A relation that is named and not read: LOCK, TRUNCATE, DDL. */
static void on_relation(Walk *w, const JsonNode *node, const Scope *scope) {
    relation_kind(w, node, scope);
}

/* ---- texts that may be SQL -------------------------------------------------------------------------------- */

/* The text of 'text'; of what is no text, nothing. */
static Str text_of_constant(const Walk *w, const JsonNode *constant) {
    return text_of(w, json_get(constant, "sval"), "sval");
}

/* 'select total_amount from orders': whoever gets it may run it. */
static void on_constant(Walk *w, const JsonNode *node, const Scope *scope) {
    (void)scope;
    Str text = text_of_constant(w, node);
    w->uses |= sql_words_name(w->subject, text) && sql_words_command(text) ? SQL_DYNAMIC : 0U;
}

/* A constant that has nothing to do with the subject, maybe cast: one of a list of arguments. */
static bool is_harmless(const Walk *w, const JsonNode *argument) {
    const JsonNode *cast = json_get(argument, "TypeCast");
    const JsonNode *constant = json_get(cast == NULL ? argument : json_get(cast, "arg"), "A_Const");
    return constant != NULL && !sql_words_name(w->subject, text_of_constant(w, constant));
}

/* dblink($1), query_to_xml('select ' || ...) run what nobody can read here. */
static void on_call(Walk *w, const JsonNode *node, const Scope *scope) {
    Str parts[4];
    size_t count = names_of(json_get(node, "funcname"), w->scratch, parts, 4);
    const SqlRunner *runner = count == 0 ? NULL : sql_runner_find(parts[count - 1]);
    const JsonNode *list = json_get(node, "args");
    bool harmless = runner == NULL || !runner->reads_all;
    for (const JsonNode *item = runner == NULL ? NULL : first_of(list); item != NULL; item = item->next) {
        harmless = harmless && is_harmless(w, item);
    }
    w->uses |= harmless ? 0U : SQL_DYNAMIC;
    walk(w, node, scope);
}

/* ---- all of it -------------------------------------------------------------------------------------------- */

static const struct Handler {
    const char *name; /* of a member: the tag of its object, or, where the tree leaves tags out, the field */
    void (*on)(Walk *w, const JsonNode *node, const Scope *scope);
} HANDLERS[] = {
    {"ColumnRef", on_column},
    {"SelectStmt", on_select},
    {"RangeVar", on_relation},
    {"RangeSubselect", on_subquery},
    {"SubLink", on_sublink},
    {"JoinExpr", on_join},
    {"A_Indirection", on_indirection},
    {"TypeName", on_type},
    {"typeName", on_type},
    {"argType", on_type},
    {"returnType", on_type},
    {"InsertStmt", on_insert},
    {"UpdateStmt", on_change},
    {"DeleteStmt", on_change},
    {"MergeStmt", on_merge},
    {"CopyStmt", on_copy},
    {"VacuumRelation", on_vacuum},
    {"A_Const", on_constant},
    {"FuncCall", on_call},
};

static void walk_member(Walk *w, const JsonNode *node, const Scope *scope) {
    for (size_t i = 0; i < sizeof HANDLERS / sizeof *HANDLERS; i++) {
        if (is(node->name, HANDLERS[i].name)) {
            HANDLERS[i].on(w, node, scope);
            return;
        }
    }
    walk(w, node, scope);
}

static void walk(Walk *w, const JsonNode *node, const Scope *scope) {
    for (const JsonNode *member = first_of(node); member != NULL; member = member->next) {
        walk_member(w, member, scope);
    }
}

unsigned sql_walk(const SqlSubject *subject, const JsonNode *tree, const FromItem *rows, Arena *scratch) {
    Walk w = {.subject = subject, .scratch = scratch};
    Scope scope = {.items = rows, .dots_only = true};
    walk(&w, tree, &scope);
    return w.uses;
}
