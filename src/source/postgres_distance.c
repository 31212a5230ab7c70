#include "source/postgres_distance.h"

#include "base/clock.h"
#include "source/postgres_sql.h"

#include <stdlib.h>
#include <string.h>

static const char DOING[] = "measure the link";

/* ---- the width of a row ----------------------------------------------------------------------------------- */

enum {
    ROW_HEAD_BYTES = 7, /* of its message 5, and how many values it has */
    VALUE_HEAD_BYTES = 4,
};

/* Columns as they are kept: the planner knows their widths, and of a cast nothing. */
static void write_explain(PgSql *sql, const Scan *scan) {
    buf_text(&sql->text, "EXPLAIN SELECT ");
    for (size_t i = 0; i < scan->column_count; i++) {
        buf_printf(&sql->text, "%s%s", i == 0 ? "" : ", ", pg_scan_column(scan, i)->sql);
    }
    buf_printf(&sql->text, " FROM %s", scan->relation->from);
    pg_sql_where(sql, scan);
}

/* "Seq Scan on orders  (cost=0.00..22.70 rows=1270 width=36)" */
static bool width_of(const PGresult *plan, double *out, Err *err) {
    static const char WIDTH[] = " width=";
    const char *found = PQntuples(plan) == 0 ? NULL : strstr(PQgetvalue(plan, 0, 0), WIDTH);
    if (found == NULL) {
        return err_set(err, TF_ERROR_DATA, "could not %s: the server's plan tells no width", DOING);
    }
    *out = strtod(found + strlen(WIDTH), NULL);
    return true;
}

/* Of what is kept apart a row has no more than a pointer. Only values of no fixed length are. */
static double long_bytes(const Scan *scan) {
    static const bool LONG[KIND_COUNT] = {
        [KIND_TEXT] = true, [KIND_BYTES] = true, [KIND_JSON] = true, [KIND_ARRAY] = true, [KIND_OPAQUE] = true,
    };
    for (size_t i = 0; i < scan->column_count; i++) {
        if (LONG[pg_scan_column(scan, i)->kind]) {
            return scan->relation->estimated_long_bytes;
        }
    }
    return 0;
}

static bool row_bytes(PgSession *session, const Scan *scan, double *out, Err *err) {
    PgSql sql = {.session = session};
    PGresult *plan = NULL;
    double width = 0;
    write_explain(&sql, scan);
    bool good = pg_sql_check(&sql, DOING, err) && pg_session_ask(session, sql.text.bytes, NULL, 0, DOING, &plan, err) &&
                width_of(plan, &width, err);
    *out = width + long_bytes(scan) + ROW_HEAD_BYTES + VALUE_HEAD_BYTES * (double)scan->column_count;
    PQclear(plan);
    pg_sql_free(&sql);
    return good;
}

/* ---- the link --------------------------------------------------------------------------------------------- */

/* Each read is so many times the one before, until one takes long, or is long enough. Rows of a kilobyte are sent while
 * the next are made, like a table's. */
enum { READ_FIRST = 8 << 10, READ_GROWTH = 8, READ_LAST = 512 << 10, READ_PATIENCE_US = 30000 };

static bool read_made_up(PgSession *session, int bytes, int64_t *out_us, Err *err) {
    PGresult *row;
    Arena scratch = {0};
    const char *sql = arena_printf(
        &scratch, "SELECT pg_catalog.repeat('x', 1024) FROM pg_catalog.generate_series(1, %d)", bytes / 1024);
    int64_t start_us = clock_monotonic_us();
    bool good = pg_session_ask(session, sql, NULL, 0, DOING, &row, err);
    if (good) {
        *out_us = clock_monotonic_us() - start_us;
        PQclear(row);
    }
    arena_free(&scratch);
    return good;
}

static bool bytes_a_second(PgSession *session, double *out, Err *err) {
    int64_t sending_us = 0;
    int bytes = READ_FIRST / READ_GROWTH;
    while (bytes < READ_LAST && sending_us < READ_PATIENCE_US) {
        bytes *= READ_GROWTH;
        if (!read_made_up(session, bytes, &sending_us, err)) {
            return false;
        }
        sending_us -= session->shortest_us;
    }
    *out = 1e6 * bytes / (sending_us < 1 ? 1 : (double)sending_us);
    return true;
}

bool pg_distance(PgSession *session, const Scan *scan, SourceDistance *out, Err *err) {
    SourceDistance distance;
    if (!row_bytes(session, scan, &distance.row_bytes, err) ||
        !bytes_a_second(session, &distance.bytes_a_second, err)) {
        return false;
    }
    distance.round_trip_us = (double)session->shortest_us;
    *out = distance;
    return true;
}
