/* The functions of PostgreSQL and its extensions that run texts (promises: dependents.h). */
#include "source/dependents.h"

const SqlRunner sql_runners[SQL_RUNNERS] = {
    {"query_to_xml", false},   {"table_to_xml", false}, {"schema_to_xml", true},
    {"database_to_xml", true}, {"crosstab", false},     {"connectby", false},
    {"dblink", false},         {"ts_stat", false},      {"ts_rewrite", false},
};

const SqlRunner *sql_runner_find(Str function) {
    for (size_t i = 0; i < SQL_RUNNERS; i++) {
        if (str_starts_with(function, sql_runners[i].name)) {
            return &sql_runners[i];
        }
    }
    return NULL;
}
