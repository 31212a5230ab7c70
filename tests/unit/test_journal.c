/* The journal of repairs: what goes in comes out, whatever a crash or a bad disk leaves of it (trap 19: what libbson
 * takes for an end, for valid text, or for shallow). */
#include "base/clock.h"
#include "repair/journal_read.h"
#include "test.h"

#include <bson/bson.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/twofold-journal-XXXXXX";
static const char odd_bytes[] = "\xff\xfe\x00\x80";

static const JournalHeader header = {
    .command = "repair",
    .check = "orders",
    .run = "0123456789abcdef0123456789abcdef",
    .spec_path = "/etc/twofold/orders.yaml",
    .spec_digest = "00112233445566778899aabbccddeeff",
    .old_place = "shop on localhost:5432",
    .new_place = "billing \"2\" on localhost:5433",
    .old_identity = "shop@7412365982345",
    .new_identity = "billing \"2\"@",
    .trust = "old",
    .started_us = 1767323045678000,
};

#define TEXT(name, type, text)                                                                                         \
    { name, type, {text, sizeof(text) - 1}, false }

/* Every kind of value, by its server's text. */
static const RowCell values[] = {
    TEXT("i", "bigint", "-9223372036854775808"),
    TEXT("n", "numeric", "0.00000000000000000000000000000000000001"),
    TEXT("f", "double precision", "-0"),
    TEXT("nan", "real", "NaN"),
    TEXT("t", "timestamp with time zone", "4714-11-24 00:00:00+00 BC"),
    TEXT("b", "bytea", "\\x00ff"),
    TEXT("j", "jsonb", "{\"a\": [1, null, \"\\u2028\"]}"),
    TEXT("a", "integer[]", "[0:1]={1,NULL}"),
    TEXT("a column \"quoted\"", "text", "it's\n\\a 'quote' \x01 \xe2\x80\xae \xf0\x9f\x98\x80"),
    TEXT("zero", "text", "a\0b"),
    TEXT("empty", "text", ""),
    TEXT("word", "text", "null"),
    {"nothing", "text", {NULL, 0}, true},
    {"not utf-8", "TEXT", {odd_bytes, 4}, false},
};
enum { VALUES = sizeof values / sizeof values[0] };
static const RowCell key[] = {TEXT("id", "bigint", "42"), {"part", "text", {NULL, 0}, true}};

static JournalIntent intent_of(JournalImage before, JournalImage after) {
    return (JournalIntent){.of_new = true,
                           .relation = "\"public\".\"orders_v2\"",
                           .transaction = "4711",
                           .key = {key, 2},
                           .before = before,
                           .after = after};
}

static JournalImage image_of(size_t count) {
    return (JournalImage){true, {values, count}};
}

static char *path_of(const char *name, char path[128]) {
    snprintf(path, 128, "%s/%s", folder, name);
    return path;
}

/* ---- files as bytes ---------------------------------------------------------------------------------------------- */

static Buf file_bytes(const char *path) {
    Buf bytes = {0};
    FILE *file = fopen(path, "rb");
    for (int c = file == NULL ? EOF : fgetc(file); c != EOF; c = fgetc(file)) {
        buf_char(&bytes, (char)c);
    }
    if (file != NULL) {
        fclose(file);
    }
    return bytes;
}

static void file_set(const char *path, const char *bytes, size_t length) {
    FILE *file = fopen(path, "wb");
    if (!CHECK(file != NULL) || !CHECK(fwrite(bytes, 1, length, file) == length) || !CHECK(fclose(file) == 0)) {
        exit(1);
    }
}

/* A header, two writes with their outcomes, and a third without. */
static Buf sample_journal(void) {
    char path[128];
    Journal *journal = NULL;
    Err err;
    JournalIntent change = intent_of(image_of(2), image_of(3));
    JournalIntent insert = intent_of((JournalImage){.present = false}, image_of(2));
    JournalIntent removal = intent_of(image_of(1), (JournalImage){.present = false});
    unlink(path_of("sample", path));
    if (!CHECK(journal_open(path, &header, &journal, &err)) || !CHECK(journal_intend(journal, &change, &err)) ||
        !CHECK(journal_conclude(journal, JOURNAL_COMMITTED, "", &err)) ||
        !CHECK(journal_intend(journal, &insert, &err)) ||
        !CHECK(journal_conclude(journal, JOURNAL_ROLLED_BACK, "duplicate key", &err)) ||
        !CHECK(journal_intend(journal, &removal, &err))) {
        exit(1);
    }
    CHECK(journal_count(journal) == 3);
    journal_close(journal);
    return file_bytes(path);
}
enum { SAMPLE_ENTRIES = 6 };

/* Where each entry begins, and the end. */
static size_t sample_offsets(const Buf *bytes, size_t offsets[SAMPLE_ENTRIES + 1]) {
    size_t count = 0, at = 0;
    while (at < bytes->length && count < SAMPLE_ENTRIES) {
        offsets[count++] = at;
        at += journal_document_length((const unsigned char *)bytes->bytes + at);
    }
    offsets[count] = at;
    return count;
}

/* How many entries come before the end; -1 with an error. */
static int entries_read(const char *path, int64_t *out_torn, Err *err) {
    JournalReader *reader = NULL;
    JournalEntry entry;
    int count = 0;
    if (!journal_reader_open(path, &reader, err)) {
        return -1;
    }
    bool good = journal_next(reader, &entry, err);
    while (good && entry.kind != JOURNAL_END) {
        count++;
        good = journal_next(reader, &entry, err);
    }
    *out_torn = journal_torn(reader);
    journal_reader_close(reader);
    return good ? count : -1;
}

/* ---- what goes in comes out -------------------------------------------------------------------------------------- */

static bool rows_same(RowImage a, RowImage b) {
    bool same = a.count == b.count;
    for (size_t i = 0; same && i < a.count; i++) {
        const RowCell *x = &a.cells[i], *y = &b.cells[i];
        same = strcmp(x->name, y->name) == 0 && strcmp(x->type, y->type) == 0 && x->null == y->null &&
               (x->null || str_equal(x->text, y->text));
    }
    return same;
}

static bool images_same(JournalImage a, JournalImage b) {
    return a.present == b.present && rows_same(a.row, b.row);
}

static void header_is(const JournalHeader *got) {
    CHECK_TEXT(got->program, TWOFOLD_VERSION);
    CHECK_TEXT(got->command, header.command);
    CHECK_TEXT(got->check, header.check);
    CHECK_TEXT(got->run, header.run);
    CHECK_TEXT(got->undoes, "");
    CHECK_TEXT(got->spec_path, header.spec_path);
    CHECK_TEXT(got->spec_digest, header.spec_digest);
    CHECK_TEXT(got->old_place, header.old_place);
    CHECK_TEXT(got->new_place, header.new_place);
    CHECK_TEXT(got->old_identity, header.old_identity);
    CHECK_TEXT(got->new_identity, header.new_identity);
    CHECK_TEXT(got->trust, "old");
    CHECK(got->started_us == header.started_us);
}

static void intent_is(const JournalEntry *entry, const JournalIntent *want, int64_t number) {
    const JournalIntent *got = &entry->as.intent;
    if (!CHECK(entry->kind == JOURNAL_INTENT)) {
        return;
    }
    CHECK(got->number == number && got->of_new == want->of_new && got->part == want->part);
    CHECK(clock_wall_us() - got->at_us < 600 * INT64_C(1000000) && got->at_us <= clock_wall_us());
    CHECK_TEXT(got->relation, want->relation);
    CHECK_TEXT(got->transaction, want->transaction);
    CHECK(rows_same(got->key, want->key));
    CHECK(images_same(got->before, want->before));
    CHECK(images_same(got->after, want->after));
}

static void every_value_comes_back(void) {
    char path[128];
    Err err;
    Journal *journal = NULL;
    JournalReader *reader = NULL;
    JournalEntry entry;
    JournalIntent wants[] = {
        intent_of(image_of(VALUES), image_of(1)),
        intent_of((JournalImage){.present = false}, image_of(VALUES)),
        intent_of(image_of(VALUES), (JournalImage){.present = false}),
        intent_of(image_of(0), image_of(0)),
    };
    wants[3].of_new = false;
    wants[3].part = 7;
    wants[3].transaction = "";
    if (!CHECK(journal_open(path_of("values", path), &header, &journal, &err))) {
        return;
    }
    for (size_t i = 0; i < 4; i++) {
        CHECK(journal_intend(journal, &wants[i], &err));
        CHECK(journal_conclude(journal, (JournalEnd)(i % 3), i == 1 ? "a \"reason\"" : NULL, &err));
    }
    journal_close(journal);
    if (!CHECK(journal_reader_open(path, &reader, &err))) {
        return;
    }
    header_is(journal_reader_header(reader));
    CHECK(journal_next(reader, &entry, &err) && entry.kind == JOURNAL_HEADER);
    int64_t offsets[4] = {0};
    for (int i = 0; i < 4; i++) {
        CHECK(journal_next(reader, &entry, &err));
        offsets[i] = entry.offset;
        intent_is(&entry, &wants[i], i + 1);
        CHECK(journal_next(reader, &entry, &err) && entry.kind == JOURNAL_OUTCOME);
        CHECK(entry.as.outcome.number == i + 1 && entry.as.outcome.end == (JournalEnd)(i % 3));
        CHECK_TEXT(entry.as.outcome.reason, i == 1 ? "a \"reason\"" : "");
    }
    CHECK(journal_next(reader, &entry, &err) && entry.kind == JOURNAL_END && journal_torn(reader) == 0);
    for (int i = 3; i >= 0; i--) {
        CHECK(journal_entry_at(reader, offsets[i], &entry, &err));
        intent_is(&entry, &wants[i], i + 1);
    }
    CHECK(!journal_entry_at(reader, offsets[1] + 1, &entry, &err));
    journal_reader_close(reader);
}

static void long_values_come_back(void) {
    char path[128];
    Err err;
    Journal *journal = NULL;
    JournalReader *reader = NULL;
    JournalEntry entry;
    size_t length = 3 << 20;
    char *text = mem_alloc(length);
    memset(text, 'x', length);
    RowCell cell = {"note", "text", {text, length}, false};
    JournalIntent intent = intent_of((JournalImage){true, {&cell, 1}}, image_of(2));
    CHECK(journal_open(path_of("long", path), &header, &journal, &err));
    CHECK(journal_intend(journal, &intent, &err));
    cell.text.length = (size_t)JOURNAL_MAX_DOCUMENT + 1; /* is not looked at */
    CHECK(!journal_intend(journal, &intent, &err));
    CHECK_TEXT(err.text, "cannot put a row of more than 256 MiB or 1664 columns into the journal");
    cell.text.length = length;
    CHECK(journal_intend(journal, &intent, &err));
    journal_close(journal);
    CHECK(journal_reader_open(path, &reader, &err) && journal_next(reader, &entry, &err));
    for (int i = 1; i <= 2; i++) {
        CHECK(journal_next(reader, &entry, &err));
        intent_is(&entry, &intent, i);
    }
    journal_reader_close(reader);
    free(text);
}

static void json_is_canonical(void) {
    char path[128];
    Err err;
    JournalReader *reader = NULL;
    JournalEntry entry;
    Buf bytes = sample_journal(), json = {0};
    CHECK(journal_reader_open(path_of("sample", path), &reader, &err));
    while (journal_next(reader, &entry, &err) && entry.kind != JOURNAL_END) {
        journal_entry_json(&entry, &json);
    }
    CHECK(strstr(json.bytes, "{ \"twofold\" : \"header\", \"format\" : { \"$numberInt\" : \"1\" }") == json.bytes);
    CHECK(strstr(json.bytes, "\"started\" : { \"$date\" : { \"$numberLong\" : \"1767323045678\" } }") != NULL);
    CHECK(strstr(json.bytes, "{ \"name\" : \"part\", \"type\" : \"text\", \"value\" : null }") != NULL);
    CHECK(strstr(json.bytes, "\"before\" : null, \"after\" : [ { \"name\" : \"i\"") != NULL);
    journal_reader_close(reader);
    buf_free(&bytes);
    buf_free(&json);
}

/* ---- what a crash leaves ----------------------------------------------------------------------------------- */

static void torn_at_every_byte(void) {
    char path[128];
    Err err;
    size_t offsets[SAMPLE_ENTRIES + 1];
    int64_t torn = -1;
    Buf bytes = sample_journal();
    CHECK(sample_offsets(&bytes, offsets) == SAMPLE_ENTRIES && offsets[SAMPLE_ENTRIES] == bytes.length);
    path_of("torn", path);
    for (size_t length = 0; length <= bytes.length; length++) {
        int whole = 0;
        while (whole < SAMPLE_ENTRIES && offsets[whole + 1] <= length) {
            whole++;
        }
        file_set(path, bytes.bytes, length);
        int count = entries_read(path, &torn, &err);
        if (whole == 0) {
            CHECK(count == -1 && err.code == TF_ERROR_DATA && strstr(err.text, "does not begin with") != NULL);
        } else {
            CHECK(count == whole && torn == (int64_t)(length - offsets[whole]));
        }
    }
    buf_free(&bytes);
}

/* Some file systems bring the length of a file to the disk before its bytes. */
static void torn_with_zeroes_or_garbage(void) {
    char path[128];
    Err err;
    size_t offsets[SAMPLE_ENTRIES + 1];
    int64_t torn = -1;
    Buf bytes = sample_journal();
    sample_offsets(&bytes, offsets);
    path_of("zeroes", path);
    size_t last = offsets[SAMPLE_ENTRIES - 1];
    for (size_t from = last; from < bytes.length; from++) {
        Buf zeroed = {0};
        buf_append(&zeroed, bytes.bytes, bytes.length);
        memset(zeroed.bytes + from, 0, bytes.length - from);
        file_set(path, zeroed.bytes, zeroed.length);
        int count = entries_read(path, &torn, &err);
        /* the last byte of a document is 0 anyway, and one of the sum before it may be */
        bool whole = memcmp(zeroed.bytes, bytes.bytes, bytes.length) == 0;
        CHECK(whole ? count == SAMPLE_ENTRIES && torn == 0
                    : count == SAMPLE_ENTRIES - 1 && torn == (int64_t)(bytes.length - last));
        buf_free(&zeroed);
    }
    buf_text(&bytes, "garbage \2twofold of some length");
    file_set(path, bytes.bytes, bytes.length);
    CHECK(entries_read(path, &torn, &err) == SAMPLE_ENTRIES && torn == 31);
    buf_free(&bytes);
}

/* ---- what a bad disk leaves -------------------------------------------------------------------------------- */

static void every_flipped_byte_is_seen(void) {
    char path[128], place[64];
    Err err;
    size_t offsets[SAMPLE_ENTRIES + 1];
    int64_t torn = -1;
    Buf bytes = sample_journal();
    sample_offsets(&bytes, offsets);
    path_of("flipped", path);
    for (size_t at = 0; at < bytes.length; at++) {
        int entry = 0;
        while (offsets[entry + 1] <= at) {
            entry++;
        }
        char kept = bytes.bytes[at];
        bytes.bytes[at] = (char)(kept ^ (1 << (at % 8)));
        file_set(path, bytes.bytes, bytes.length);
        int count = entries_read(path, &torn, &err);
        snprintf(place, sizeof place, "at byte %zu: ", offsets[entry]);
        if (entry == SAMPLE_ENTRIES - 1) {
            CHECK(count == SAMPLE_ENTRIES - 1 && torn == (int64_t)(bytes.length - offsets[entry]));
        } else if (!CHECK(count == -1 && err.code == TF_ERROR_DATA && strstr(err.text, place) != NULL)) {
            printf("    byte %zu: %d entries: %s\n", at, count, err.text);
        }
        bytes.bytes[at] = kept;
    }
    buf_free(&bytes);
}

/* Entries that are whole, in another order than they were written in. */
static void order_is_kept(void) {
    static const struct {
        const int entries[SAMPLE_ENTRIES];
        const char *why;
    } cases[] = {
        {{0, 3, -1}, "entries before it are missing"},
        {{0, 1, 4, -1}, "an outcome without its intent stands there"},
        {{0, 1, 2, 2, -1}, "an outcome without its intent stands there"},
        {{0, 2, -1}, "an outcome without its intent stands there"},
        {{0, 1, 1, -1}, "entries before it are missing"},
        {{0, 1, 0, -1}, "a second header stands there"},
        {{1, 2, -1}, "does not begin with a journal's header"},
    };
    char path[128];
    Err err;
    size_t offsets[SAMPLE_ENTRIES + 1];
    int64_t torn;
    Buf bytes = sample_journal();
    sample_offsets(&bytes, offsets);
    path_of("order", path);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Buf file = {0};
        for (size_t e = 0; cases[i].entries[e] >= 0; e++) {
            size_t from = offsets[cases[i].entries[e]];
            buf_append(&file, bytes.bytes + from, offsets[cases[i].entries[e] + 1] - from);
        }
        file_set(path, file.bytes, file.length);
        CHECK(entries_read(path, &torn, &err) == -1 && strstr(err.text, cases[i].why) != NULL);
        buf_free(&file);
    }
    buf_free(&bytes);
}

/* ---- writing ----------------------------------------------------------------------------------------------- */

static void a_journal_is_never_overwritten(void) {
    char path[128], other[128];
    Err err;
    Journal *journal = NULL;
    struct stat status;
    CHECK(journal_open(path_of("once", path), &header, &journal, &err));
    journal_close(journal);
    CHECK(stat(path, &status) == 0 && (status.st_mode & 07777) == 0600);
    Buf before = file_bytes(path);
    CHECK(!journal_open(path, &header, &journal, &err) && err.code == TF_ERROR_IO);
    CHECK_TEXT(err.hint, "It is the journal of another run: name a new file.");
    CHECK(symlink(path, path_of("link", other)) == 0 && !journal_open(other, &header, &journal, &err));
    Buf after = file_bytes(path);
    CHECK(str_equal(buf_view(&before), buf_view(&after)));
    CHECK(!journal_open(path_of("no/such/folder", other), &header, &journal, &err));
    CHECK(strstr(err.text, "could not make the journal \"") == err.text);
    buf_free(&before);
    buf_free(&after);
}

static void limit_file_size(rlim_t bytes) {
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

/* A full disk, as far as a process can make one: the write comes through in part. */
static void what_does_not_fit_is_taken_back(void) {
    char path[128];
    Err err;
    Journal *journal = NULL;
    int64_t torn;
    JournalIntent intent = intent_of(image_of(VALUES), image_of(VALUES));
    signal(SIGXFSZ, SIG_IGN);
    CHECK(journal_open(path_of("full", path), &header, &journal, &err));
    CHECK(journal_intend(journal, &intent, &err) && journal_conclude(journal, JOURNAL_COMMITTED, "", &err));
    Buf before = file_bytes(path);
    limit_file_size(before.length + 100);
    CHECK(!journal_intend(journal, &intent, &err) && err.code == TF_ERROR_IO);
    CHECK(strstr(err.text, "could not write the journal \"") == err.text);
    limit_file_size(RLIM_INFINITY);
    Buf after = file_bytes(path);
    CHECK(str_equal(buf_view(&before), buf_view(&after)));
    CHECK(!journal_intend(journal, &intent, &err) && strstr(err.text, "cannot go on with the journal") != NULL);
    journal_close(journal);
    CHECK(entries_read(path, &torn, &err) == 3 && torn == 0);
    limit_file_size(50);
    CHECK(!journal_open(path_of("never", path), &header, &journal, &err) && access(path, F_OK) != 0);
    limit_file_size(RLIM_INFINITY);
    buf_free(&before);
    buf_free(&after);
}

/* What could not be read again is refused when it is written, not when it is needed. */
static void what_no_reader_takes_is_not_written(void) {
    char path[128];
    Err err;
    Journal *journal = NULL;
    RowCell odd = {odd_bytes, "text", {NULL, 0}, true};
    JournalIntent intent = intent_of((JournalImage){true, {&odd, 1}}, image_of(1));
    CHECK(journal_open(path_of("odd", path), &header, &journal, &err));
    CHECK(!journal_intend(journal, &intent, &err));
    CHECK_TEXT(err.text, "cannot put this into the journal: field \"name\" is missing or of another type");
    CHECK(!journal_conclude(journal, JOURNAL_COMMITTED, "", &err) && err.code == TF_ERROR_INTERNAL);
    journal_close(journal);
}

static void names_of_their_own(void) {
    Err err;
    Buf path = {0};
    char runs[2][JOURNAL_RUN_BYTES], want[256];
    setenv("XDG_STATE_HOME", folder, 1);
    CHECK(journal_default_path(&header, &path, &err));
    snprintf(want, sizeof want, "%s/twofold/journals/orders-20260102T030405Z-01234567.repair", folder);
    CHECK_TEXT(path.bytes, want);
    CHECK(journal_new_run(runs[0], &err) && journal_new_run(runs[1], &err));
    CHECK(strlen(runs[0]) == 32 && strcmp(runs[0], runs[1]) != 0 && strspn(runs[0], "0123456789abcdef") == 32);
    buf_free(&path);
}

/* ---- files that were made to do harm ----------------------------------------------------------------------- */

static void what_is_no_file_is_refused(void) {
    char path[128];
    Err err;
    int64_t torn;
    CHECK(entries_read(path_of("missing", path), &torn, &err) == -1 && err.code == TF_ERROR_USAGE);
    CHECK(entries_read(folder, &torn, &err) == -1 && strstr(err.text, "it is not a file") != NULL);
    CHECK(mkfifo(path_of("pipe", path), 0600) == 0 && entries_read(path, &torn, &err) == -1);
}

/* A tail of nothing but beginnings, each of which claims all the rest: looking at each to its end would take hours. */
static void endless_beginnings_are_refused(void) {
    char path[128];
    Err err;
    int64_t torn;
    Buf bytes = sample_journal();
    size_t tail = 8 << 20;
    buf_char(&bytes, 'x');
    for (size_t i = 0; i < tail / 16; i++) {
        uint32_t claimed = (uint32_t)(tail - 16 * i - 16);
        char beginning[16] = {(char)claimed, (char)(claimed >> 8), (char)(claimed >> 16), 0, 2};
        memcpy(beginning + 5, "twofold", 8);
        buf_append(&bytes, beginning, sizeof beginning);
    }
    file_set(path_of("endless", path), bytes.bytes, bytes.length);
    CHECK(entries_read(path, &torn, &err) == -1 && strstr(err.text, "to be looked at for ever") != NULL);
    buf_free(&bytes);
}

/* A document with the right sum around what `fill` puts between. */
static Buf document_of(bson_t *document) {
    Buf bytes = {0};
    bson_append_int64(document, "sum", -1, 0);
    buf_append(&bytes, bson_get_data(document), document->len);
    bson_destroy(document);
    return bytes;
}

static void wrong_sums_are_refused(void) {
    Arena arena = {0};
    JournalEntry entry;
    const char *why = "";
    bson_t deep = BSON_INITIALIZER;
    bson_append_utf8(&deep, "twofold", -1, "header", -1);
    Buf bytes = document_of(&deep);
    CHECK(!journal_entry_read(&arena, buf_view(&bytes), &entry, &why));
    CHECK_TEXT(why, "it is damaged");
    buf_free(&bytes);
    arena_free(&arena);
}

int main(void) {
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    TEST_RUN(every_value_comes_back);
    TEST_RUN(long_values_come_back);
    TEST_RUN(json_is_canonical);
    TEST_RUN(torn_at_every_byte);
    TEST_RUN(torn_with_zeroes_or_garbage);
    TEST_RUN(every_flipped_byte_is_seen);
    TEST_RUN(order_is_kept);
    TEST_RUN(a_journal_is_never_overwritten);
    TEST_RUN(what_does_not_fit_is_taken_back);
    TEST_RUN(what_no_reader_takes_is_not_written);
    TEST_RUN(names_of_their_own);
    TEST_RUN(what_is_no_file_is_refused);
    TEST_RUN(endless_beginnings_are_refused);
    TEST_RUN(wrong_sums_are_refused);
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) == 0 ? test_finish() : 1;
}
