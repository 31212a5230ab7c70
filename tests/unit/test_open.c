/* URLs: who opens them, and what of them people may see. */
#include "source/source.h"
#include "test.h"

typedef struct ShownRow {
    const char *url;
    const char *shown;
} ShownRow;

static const ShownRow SHOWN[] = {
    {"postgresql://localhost/shop", "postgresql://localhost/shop"},
    {"postgres://localhost:6432/shop", "postgresql://localhost:6432/shop"},
    {"postgresql://ann:SECRET@db.example:5432/shop?sslmode=require", "postgresql://db.example:5432/shop"},
    {"postgresql://db/shop?user=ann&password=SECRET", "postgresql://db/shop"},
    {"postgresql://db/shop?sslpassword=SECRET", "postgresql://db/shop"},
    {"postgresql://?service=shop", "postgresql:///?service=shop"},
    {"postgresql://%2Frun%2Fpg/shop", "postgresql:///run/pg/shop"},
    {"postgresql://a:1,b:2/shop", "postgresql://a,b:1,2/shop"},
    {"postgresql://", "postgresql:///"},
    {"host=localhost dbname=shop user=ann password='SECRET SECRET'", "host=localhost dbname=shop"},
    {"service=shop", "service=shop"},
    {"password=SECRET", "PostgreSQL"},
    {"dbname='postgresql://ann:SECRET@h/d'", "dbname=..."},
    {"host=localhost password='SECRET", "PostgreSQL (its connection string cannot be read)"},
    {"nosuchoption=SECRET", "PostgreSQL (its connection string cannot be read)"},
    {"postgresql://ann:SECRET@[::1/shop", "PostgreSQL (its connection string cannot be read)"},
    {"postgresql://ann:12/SECRET@db/shop", "PostgreSQL (its connection string cannot be read)"},
    {"postgresql://ann:SECRET/34@db/shop", "PostgreSQL (its connection string cannot be read)"},
    {"host=db port=SECRET dbname=SECRET@db", "host=db port=... dbname=..."},
    {"sqlite:/var/shop.db", "sqlite:/var/shop.db"},
    {"mysql://ann:SECRET@h/d", "an unknown source"},
    {"shop.db", "an unknown source"},
};

static void no_secret_is_shown(void) {
    Arena arena = {0};
    for (size_t i = 0; i < sizeof(SHOWN) / sizeof(SHOWN[0]); i++) {
        CHECK_TEXT(source_url_shown(&arena, SHOWN[i].url), SHOWN[i].shown);
        CHECK(strstr(source_url_shown(&arena, SHOWN[i].url), "SECRET") == NULL);
    }
    arena_free(&arena);
}

static void unknown_schemes_name_the_known(void) {
    static const char *const urls[] = {"mysql://ann:SECRET@h/d", "shop.db", "", "ann:SECRET@host/shop",
                                       "POSTGRESQL://h/d"};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        Source *source = NULL;
        Err err;
        CHECK(!source_open(urls[i], "test", &source, &err) && source == NULL);
        CHECK(err.code == TF_ERROR_USAGE);
        CHECK(strstr(err.text, "\"ann") == NULL);
        CHECK(strstr(err.text, "SECRET") == NULL && strstr(err.hint, "SECRET") == NULL);
        CHECK(strstr(err.hint, "postgresql://") != NULL && strstr(err.hint, "sqlite:") != NULL);
    }
    Source *source = NULL;
    Err err;
    CHECK(!source_open(urls[0], "test", &source, &err));
    CHECK_TEXT(err.text, "cannot open a source of scheme \"mysql\": no such engine is known");
    source_close(NULL);
}

int main(void) {
    TEST_RUN(no_secret_is_shown);
    TEST_RUN(unknown_schemes_name_the_known);
    return test_finish();
}
