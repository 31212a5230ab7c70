#include "source/key_names.h"

#include <string.h>
#include <strings.h>

static bool no_such_column(const Relation *relation, const char *name, Err *err) {
    Arena scratch = {0};
    const char **names = ARENA_MANY(&scratch, relation->column_count, const char *);
    for (size_t i = 0; i < relation->column_count; i++) {
        names[i] = relation->columns[i].name;
    }
    const char *nearest = str_nearest(str_of(name), names, relation->column_count);
    err_set(err, TF_ERROR_USAGE, "cannot use \"%s\" as key: %s has no such column", name, relation->name);
    if (nearest != NULL) {
        err_hint(err, "Did you mean \"%s\"?", nearest);
    }
    arena_free(&scratch);
    return false;
}

static bool column_named(const Relation *relation, const char *name, bool folded, size_t *out, Err *err) {
    for (int fold = 0; fold <= (folded ? 1 : 0); fold++) {
        for (size_t i = 0; i < relation->column_count; i++) {
            if ((fold ? strcasecmp : strcmp)(relation->columns[i].name, name) == 0) {
                *out = i;
                return true;
            }
        }
    }
    return no_such_column(relation, name, err);
}

bool key_of_names(const RelationRef *ref, bool folded, Relation *relation, Err *err) {
    if (ref->key_count > KEY_MAX_COLUMNS) {
        return err_set(err, TF_ERROR_USAGE, "cannot use a key of %zu columns: %d are the most", ref->key_count,
                       KEY_MAX_COLUMNS);
    }
    for (size_t i = 0; i < ref->key_count; i++) {
        if (!column_named(relation, ref->key[i], folded, &relation->key[i], err)) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (relation->key[j] == relation->key[i]) {
                return err_set(err, TF_ERROR_USAGE, "cannot use \"%s\" in the key twice", ref->key[i]);
            }
        }
    }
    relation->key_count = ref->key_count;
    return true;
}

bool key_missing(const Relation *relation, const char *unique, Err *err) {
    err_set(err, TF_ERROR_USAGE, "cannot pair the rows of %s: the %s has no primary key", relation->name,
            relation->what);
    if (unique != NULL) {
        err_hint(err, "Name the key in the spec (key: [...]); its unique indexes are %s.", unique);
    } else {
        err_hint(err, "Name the columns that identify a row in the spec (key: [...]); it has no unique index.");
    }
    return false;
}
