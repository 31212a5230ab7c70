#include "source/postgres_url.h"

#include "source/source.h"

#include <libpq-fe.h>
#include <string.h>

/* The parameters that say where, and nothing else: all others may be secret, now or in a later libpq. */
static const char *const SHOWN[] = {"service", "host", "hostaddr", "port", "dbname"};
enum { SHOWN_COUNT = sizeof(SHOWN) / sizeof(SHOWN[0]) };

/* A database's name may itself be a connection string, password and all. */
static const char *harmless(const char *keyword, const char *value) {
    bool secret = strpbrk(value, "=@") != NULL || strstr(value, "://") != NULL;
    bool port = strcmp(keyword, "port") == 0;
    return secret || (port && value[strspn(value, "0123456789,")] != '\0') ? "..." : value;
}

static void find_shown(const PQconninfoOption *options, const char *found[SHOWN_COUNT]) {
    for (size_t i = 0; i < SHOWN_COUNT; i++) {
        found[i] = NULL;
        for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
            if (option->val != NULL && strcmp(option->keyword, SHOWN[i]) == 0) {
                found[i] = harmless(SHOWN[i], option->val);
            }
        }
    }
}

static void write_shown(const char *const found[SHOWN_COUNT], Buf *out) {
    for (size_t i = 0; i < SHOWN_COUNT; i++) {
        if (found[i] != NULL) {
            buf_printf(out, "%s%s=%s", out->length == 0 ? "" : " ", SHOWN[i], found[i]);
        }
    }
}

/* "postgresql://localhost:5432/shop" */
static void write_shown_url(const char *const found[SHOWN_COUNT], Buf *out) {
    const char *service = found[0], *host = found[1] == NULL ? found[2] : found[1], *port = found[3];
    buf_printf(out, "postgresql://%s%s%s", host == NULL ? "" : host, port == NULL ? "" : ":", port == NULL ? "" : port);
    buf_printf(out, "/%s", found[4] == NULL ? "" : found[4]);
    if (service != NULL) {
        buf_printf(out, "?service=%s", service);
    }
}

/* Else it is a connection string: "key=value ...". */
static bool is_url(const char *url) {
    return str_starts_with(str_of(url), "postgresql://") || str_starts_with(str_of(url), "postgres://");
}

const char *pg_url_shown(Arena *arena, const char *url) {
    char *message = NULL;
    PQconninfoOption *options = source_url_misleads(url) ? NULL : PQconninfoParse(url, &message);
    PQfreemem(message); /* it may quote what it could not read */
    if (options == NULL) {
        return "PostgreSQL (its connection string cannot be read)";
    }
    const char *found[SHOWN_COUNT];
    find_shown(options, found);
    Buf shown = {0};
    if (!is_url(url)) {
        write_shown(found, &shown);
    } else {
        write_shown_url(found, &shown);
    }
    PQconninfoFree(options);
    const char *text = shown.length == 0 ? "PostgreSQL" : arena_copy(arena, shown.bytes, shown.length);
    buf_free(&shown);
    return text;
}
