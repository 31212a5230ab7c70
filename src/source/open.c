/* Which engine a URL names.
 *
 * In: "postgresql://...", "sqlite:PATH", or a libpq connection string without a scheme ("service=shop").
 * Out: an open Source, or the URL as people may see it.
 * Promises: no text made here holds a password or a user's name; what cannot be read is not shown at all.
 * Refuses: schemes that no engine has, naming those that one has. To add an engine, add a row.
 */
#include "source/source.h"

#include "source/source_postgres.h"
#include "source/source_sqlite.h"

#include <libpq-fe.h>
#include <string.h>

typedef struct Scheme {
    const char *prefix;
    const SourceOps *ops;
} Scheme;

static const Scheme SCHEMES[] = {
    {"postgresql://", &postgres_source_ops},
    {"postgres://", &postgres_source_ops},
    {"sqlite:", &sqlite_source_ops},
};
#define KNOWN_SCHEMES "postgresql://HOST/DATABASE, sqlite:PATH, or libpq's \"host=HOST dbname=DATABASE\""

/* Length of "mysql" in "mysql://..."; 0: the text begins with no scheme. */
static size_t scheme_length(const char *url) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-";
    size_t length = strspn(url, letters);
    return url[length] == ':' ? length : 0;
}

/* "key=value ...": what libpq reads as connection parameters. */
static bool is_conninfo(const char *url) {
    return scheme_length(url) == 0 && strchr(url, '=') != NULL;
}

static const SourceOps *ops_of_url(const char *url) {
    for (size_t i = 0; i < sizeof(SCHEMES) / sizeof(SCHEMES[0]); i++) {
        if (strncmp(url, SCHEMES[i].prefix, strlen(SCHEMES[i].prefix)) == 0) {
            return SCHEMES[i].ops;
        }
    }
    return is_conninfo(url) ? &postgres_source_ops : NULL;
}

/* Only the scheme is quoted: what follows may be a secret, and "user:password@host" begins with no scheme. */
static bool unknown_scheme(const char *url, Err *err) {
    size_t length = scheme_length(url);
    if (length > 0 && strncmp(url + length, "://", 3) == 0) {
        err_set(err, TF_ERROR_USAGE, "cannot open a source of scheme \"%.*s\": no such engine is known", (int)length,
                url);
    } else {
        err_set(err, TF_ERROR_USAGE, "cannot open a source that is not a URL");
    }
    return err_hint(err, "Write %s.", KNOWN_SCHEMES);
}

bool source_open(const char *url, const char *application, Source **out, Err *err) {
    const SourceOps *ops = ops_of_url(url);
    return ops == NULL ? unknown_scheme(url, err) : ops->open(url, application, out, err);
}

void source_close(Source *source) {
    if (source != NULL) {
        source->ops->close(source);
    }
}

/* ---- for people ----------------------------------------------------------------------------------------- */

/* The parameters that say where, and nothing else: all others may be secret, now or in a later libpq. */
static const char *const SHOWN[] = {"service", "host", "hostaddr", "port", "dbname"};
enum { SHOWN_COUNT = sizeof(SHOWN) / sizeof(SHOWN[0]) };

bool source_url_misleads(const char *url) {
    const char *authority = strstr(url, "://");
    if (authority == NULL || strchr(url, ' ') != NULL) {
        return false;
    }
    const char *path = authority + 3 + strcspn(authority + 3, "/?");
    return memchr(path, '@', strcspn(path, "?")) != NULL;
}

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

static const char *postgres_shown(Arena *arena, const char *url) {
    char *message = NULL;
    PQconninfoOption *options = source_url_misleads(url) ? NULL : PQconninfoParse(url, &message);
    PQfreemem(message); /* it may quote what it could not read */
    if (options == NULL) {
        return "PostgreSQL (its connection string cannot be read)";
    }
    const char *found[SHOWN_COUNT];
    find_shown(options, found);
    Buf shown = {0};
    if (is_conninfo(url)) {
        write_shown(found, &shown);
    } else {
        write_shown_url(found, &shown);
    }
    PQconninfoFree(options);
    const char *text = shown.length == 0 ? "PostgreSQL" : arena_copy(arena, shown.bytes, shown.length);
    buf_free(&shown);
    return text;
}

const char *source_url_shown(Arena *arena, const char *url) {
    const SourceOps *ops = ops_of_url(url);
    if (ops == &postgres_source_ops) {
        return postgres_shown(arena, url);
    }
    return ops == NULL ? "an unknown source" : arena_copy(arena, url, strlen(url));
}
