/* Which engine a URL names.
 *
 * In: "postgresql://...", "sqlite:PATH", or a libpq connection string without a scheme ("service=shop").
 * Out: an open Source, or the URL as people may see it.
 * Promises: no text made here holds a password or a user's name; what cannot be read is not shown at all.
 * Refuses: schemes that no engine has, naming those that one has (schemes.def).
 */
#include "source/source.h"

#include <pthread.h>
#include <string.h>

#define SCHEME(prefix, ops, example) extern const SourceOps ops;
#include "source/schemes.def"
#undef SCHEME

typedef struct Scheme {
    const char *prefix;
    const SourceOps *ops;
    const char *example; /* NULL: another spelling of one that has an example */
} Scheme;

static const Scheme SCHEMES[] = {
#define SCHEME(prefix, ops, example) {prefix, &ops, example},
#include "source/schemes.def"
#undef SCHEME
};

enum { SCHEME_COUNT = sizeof SCHEMES / sizeof SCHEMES[0] };

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
    for (size_t i = 0; i < SCHEME_COUNT; i++) {
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
    Buf known = {0};
    for (size_t i = 0; i < SCHEME_COUNT; i++) {
        if (SCHEMES[i].example != NULL) {
            buf_printf(&known, "%s, ", SCHEMES[i].example);
        }
    }
    err_hint(err, "Write %sor libpq's \"host=HOST dbname=DATABASE\".", known.bytes);
    buf_free(&known);
    return false;
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

bool source_identity(Source *source, Arena *arena, const char **out, Err *err) {
    if (source->ops->identity == NULL) {
        *out = "";
        return true;
    }
    return source->ops->begin(source, NULL, err) && source->ops->identity(source, arena, out, err) &&
           source->ops->end(source, err);
}

bool source_is_pooled(const Source *source) {
    return source != NULL && source->ops->info(source)->pooled;
}

bool sources_share_instance(const SourceInfo *a, const SourceInfo *b) {
    return a->instance != NULL && text_equal(a->instance, b->instance);
}

bool source_may_be_same(const char *a, const char *b) {
    const char *a_number = a == NULL ? NULL : strrchr(a, '@'), *b_number = b == NULL ? NULL : strrchr(b, '@');
    if (a_number == NULL || b_number == NULL) {
        return true;
    }
    bool same_name = str_equal((Str){a, (size_t)(a_number - a)}, (Str){b, (size_t)(b_number - b)});
    return same_name && (a_number[1] == '\0' || b_number[1] == '\0' || strcmp(a_number, b_number) == 0);
}

/* ---- cancelling ------------------------------------------------------------------------------------------- */

/* A ring, so that whoever leaves it need not know its neighbours. */
static SourcePlace enlisted = {NULL, &enlisted, &enlisted};
static pthread_mutex_t enlisted_lock = PTHREAD_MUTEX_INITIALIZER;

void source_enlist(SourcePlace *place, Source *source) {
    pthread_mutex_lock(&enlisted_lock);
    *place = (SourcePlace){source, &enlisted, enlisted.after};
    place->after->before = place;
    enlisted.after = place;
    pthread_mutex_unlock(&enlisted_lock);
}

void source_delist(SourcePlace *place) {
    pthread_mutex_lock(&enlisted_lock);
    if (place->source != NULL) {
        place->before->after = place->after;
        place->after->before = place->before;
        place->source = NULL;
    }
    pthread_mutex_unlock(&enlisted_lock);
}

void sources_cancel(void) {
    pthread_mutex_lock(&enlisted_lock);
    for (const SourcePlace *place = enlisted.after; place != &enlisted; place = place->after) {
        place->source->ops->cancel(place->source);
    }
    pthread_mutex_unlock(&enlisted_lock);
}

/* ---- for people ----------------------------------------------------------------------------------------- */

bool source_url_misleads(const char *url) {
    const char *authority = strstr(url, "://");
    if (authority == NULL || strchr(url, ' ') != NULL) {
        return false;
    }
    const char *path = authority + 3 + strcspn(authority + 3, "/?");
    return memchr(path, '@', strcspn(path, "?")) != NULL;
}

const char *source_url_shown(Arena *arena, const char *url) {
    const SourceOps *ops = ops_of_url(url);
    if (ops == NULL) {
        return "an unknown source";
    }
    return ops->shown != NULL ? ops->shown(arena, url) : arena_text(arena, url);
}
