/* The yardstick of `stream`: two connections that each COPY a table in binary and throw the rows away.
 *
 *     drain URL "SELECT ..." [URL "SELECT ..."]
 */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct Drain {
    const char *url;
    const char *query;
    long long rows;
    int failed;
} Drain;

static void *drain(void *argument) {
    Drain *self = argument;
    PGconn *connection = PQconnectdb(self->url);
    char statement[4096];
    snprintf(statement, sizeof statement, "COPY (%s) TO STDOUT (FORMAT binary)", self->query);
    PGresult *result = PQexec(connection, statement);
    self->failed = PQresultStatus(result) != PGRES_COPY_OUT;
    PQclear(result);
    char *row;
    while (!self->failed && PQgetCopyData(connection, &row, 0) > 0) {
        self->rows++;
        PQfreemem(row);
    }
    result = PQgetResult(connection);
    self->failed = self->failed || PQresultStatus(result) != PGRES_COMMAND_OK;
    PQclear(result);
    if (self->failed) {
        fprintf(stderr, "%s", PQerrorMessage(connection));
    }
    PQfinish(connection);
    return NULL;
}

int main(int argc, char **argv) {
    Drain drains[2] = {{0}};
    pthread_t threads[2];
    int count = 0;
    for (int i = 1; i + 1 < argc && count < 2; i += 2, count++) {
        drains[count] = (Drain){.url = argv[i], .query = argv[i + 1]};
        pthread_create(&threads[count], NULL, drain, &drains[count]);
    }
    int failed = count == 0;
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        failed |= drains[i].failed;
        printf("%lld rows\n", drains[i].rows);
    }
    return failed;
}
