/* Inside of sql: how the pieces of one text are written. For sql.c, sql_cast.c and sql_time.c only. */
#ifndef EXPR_SQL_WRITE_H
#define EXPR_SQL_WRITE_H

#include "expr/sql.h"
#include "expr/tree.h"

typedef struct SqlWriter {
    const SqlColumns *columns;
    Buf *out;
    Err *err;
    bool failed; /* err is set; what is written further is thrown away */
} SqlWriter;

typedef enum SqlAs {
    SQL_PLAIN,    /* of the kind's own type */
    SQL_NUMERIC,  /* a number that cannot overflow */
    SQL_INT,      /* int4, cut to its range: what text functions take */
    SQL_COLLATED, /* text that is compared by bytes */
    SQL_ROUNDED   /* numeric without a fraction */
} SqlAs;

void sql_text(SqlWriter *writer, const char *text);
void sql_printf(SqlWriter *writer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sql_quote(SqlWriter *writer, Str text);
void sql_expr(SqlWriter *writer, const Expr *expr, SqlAs as);
/* `template` with $1 #1 %1 ~1 $* ~* replaced by arguments (see ops.def) and ^1 by the first one rounded. */
void sql_template(SqlWriter *writer, const char *template, const Expr *call);
void sql_refuse(SqlWriter *writer, const char *what);

void sql_cast(SqlWriter *writer, const Expr *cast);
void sql_time_arithmetic(SqlWriter *writer, const Expr *call);

#endif
