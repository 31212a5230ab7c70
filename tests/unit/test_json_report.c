/* JSON for scripts: the result, the lines of findings, and files that are whole or absent. */
#include "report/file.h"
#include "report/ndjson.h"
#include "report/result_json.h"

#include "unit/report_fixture.h"
#include "unit/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of this test; gone at its end. */
static char folder[] = "/tmp/twofold-json-XXXXXX";

static char *in_folder(const char *name) {
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static mode_t mode_of(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 ? status.st_mode & 0777 : 0;
}

static void the_contract(void) {
    Fixture f;
    fixture_make(&f);
    f.result.mode_reason = NULL;
    Buf out = {0};
    result_json_write(&f.result, &out, false);
    CHECK_TEXT(out.bytes,
               "{\"check\":\"orders-minor-units\",\"verdict\":\"inconsistent\",\"reason\":\"3 rows disagree\","
               "\"mode\":\"join\",\"started_at\":\"2026-01-02T03:04:05Z\",\"duration_seconds\":1.2,"
               "\"key_columns\":[\"id\"],\"rows\":{\"old\":5000000,\"new\":5000000,\"compared\":4999999},"
               "\"mismatched_rows\":3,\"mismatch_ratio\":6e-07,\"missing_in_new\":1,\"missing_in_old\":1,"
               "\"different\":1,\"duplicate_key\":0,\"undecided\":0,\"in_flight\":0,"
               "\"ranges\":{\"planned\":50,\"proved\":50,\"failed\":0},\"coverage\":1.0,"
               "\"not_compared\":{\"old\":[\"legacy_flag\"],\"new\":[]},"
               "\"columns\":[{\"name\":\"status\",\"different\":1}],"
               "\"causes\":[{\"cause\":\"missing\",\"rows\":2},{\"cause\":\"other\",\"rows\":1}],"
               "\"invariants\":[{\"name\":\"currency-present\",\"violations\":1,\"undecided\":0},"
               "{\"name\":\"minor-is-total\",\"violations\":0,\"undecided\":0}],"
               "\"findings\":[{\"kind\":\"missing_in_new\",\"key\":[\"17\"]},"
               "{\"kind\":\"different\",\"key\":[\"42\"],\"columns\":[\"status\"],"
               "\"invariants\":[\"currency-present\"],\"old\":{\"status\":\"paid\"},"
               "\"new\":{\"status\":\"new\",\"currency\":null}},"
               "{\"kind\":\"missing_in_old\",\"key\":[\"99\"]}]}");
    buf_free(&out);
}

static void of_a_standby(void) {
    Fixture f;
    Buf out = {0};
    fixture_make(&f);
    f.result.new_as_of = (AsOf){"shop on b:5432", "0/3000060", INT64_C(1767323045000000)};
    f.findings[1].old_written_us = INT64_C(1767323045999999);
    f.findings[2].new_written_us = INT64_C(1767323046000000);
    result_json_write(&f.result, &out, false);
    CHECK(strstr(out.bytes, "\"as_of\":{\"new\":{\"standby\":\"shop on b:5432\",\"position\":\"0/3000060\","
                            "\"at\":\"2026-01-02T03:04:05Z\"}},\"key_columns\"") != NULL);
    CHECK(strstr(out.bytes, "\"currency\":null},\"old_changed_at\":\"2026-01-02T03:04:05Z\"}") != NULL);
    CHECK(strstr(out.bytes, "\"key\":[\"99\"],\"new_changed_at\":\"2026-01-02T03:04:06Z\"}") != NULL);
    buf_empty(&out);
    f.result.new_as_of = (AsOf){0};
    f.result.old_as_of = (AsOf){.standby = "shop on b:5432"};
    result_json_write(&f.result, &out, false);
    CHECK(strstr(out.bytes, "\"as_of\":{\"old\":{\"standby\":\"shop on b:5432\"}},") != NULL);
    buf_free(&out);
}

static void not_planned(void) {
    Result result = {.check = "orders", .verdict = VERDICT_CANNOT_TELL};
    (void)err_set(&result.err, TF_ERROR_CONNECTION, "could not connect to \"shop\"");
    (void)err_hint(&result.err, "Is the server running?");
    Buf out = {0};
    result_json_write(&result, &out, true);
    CHECK(is_golden("result_not_planned.json", out.bytes));
    buf_free(&out);
}

static void one_or_an_array(void) {
    Fixture f;
    Err err;
    Buf results = {0};
    fixture_consistent(&f);
    Sink *sink = result_json_sink_open(&results);
    CHECK(sink->result(sink, &f.result, &err));
    CHECK(result_json_save(in_folder("one.json"), &results, false, &err));
    CHECK(sink->result(sink, &f.result, &err));
    sink->close(sink);
    CHECK(result_json_save(in_folder("two.json"), &results, true, &err));
    char *one = file_text(in_folder("one.json"));
    char *two = file_text(in_folder("two.json"));
    CHECK(one[0] == '{' && strcmp(one + strlen(one) - 2, "}\n") == 0);
    CHECK(strncmp(two, "[{", 2) == 0 && strstr(two, "},\n{") != NULL && strcmp(two + strlen(two) - 3, "}]\n") == 0);
    CHECK(mode_of(in_folder("one.json")) == 0600);
    free(one);
    free(two);
    buf_free(&results);
}

static void findings_as_lines(void) {
    Fixture f;
    Err err;
    Sink *sink;
    fixture_make(&f);
    Plan plan = {.match = &f.match};
    CHECK(ndjson_sink_open(in_folder("all.ndjson"), &sink, &err));
    CHECK(sink->plan(sink, &plan, &err));
    f.keys[0] = value_text("a\nb");
    for (size_t i = 0; i < FIXTURE_FINDINGS; i++) {
        CHECK(sink->finding(sink, &f.findings[i], &err));
    }
    CHECK(sink->result(sink, &f.result, &err));
    sink->close(sink);
    char *text = file_text(in_folder("all.ndjson"));
    CHECK_TEXT(text, "{\"kind\":\"missing_in_new\",\"key\":[\"a\\nb\"]}\n"
                     "{\"kind\":\"different\",\"key\":[\"42\"],\"columns\":[\"status\"],"
                     "\"invariants\":[\"currency-present\"],\"old\":{\"status\":\"paid\"},"
                     "\"new\":{\"status\":\"new\",\"currency\":null}}\n"
                     "{\"kind\":\"missing_in_old\",\"key\":[\"99\"]}\n");
    CHECK(mode_of(in_folder("all.ndjson")) == 0600);
    free(text);
}

static void findings_on_a_full_disk(void) {
    Fixture f;
    Err err;
    Sink *sink;
    fixture_make(&f);
    Plan plan = {.match = &f.match};
    RangeReport range = {.state = RANGE_PROVED};
    CHECK(ndjson_sink_open("/dev/full", &sink, &err));
    CHECK(sink->plan(sink, &plan, &err));
    CHECK(sink->finding(sink, &f.findings[0], &err));
    CHECK(!sink->range(sink, &range, &err));
    CHECK_TEXT(err.text, "could not write findings to \"/dev/full\": No space left on device");
    CHECK(sink->finding(sink, &f.findings[1], &err)); /* said once */
    CHECK(sink->result(sink, &f.result, &err));
    sink->close(sink);
    CHECK(!ndjson_sink_open("/nowhere/all.ndjson", &sink, &err));
    CHECK_TEXT(err.text, "could not write \"/nowhere/all.ndjson\": No such file or directory");
}

static void files_are_replaced_as_a_whole(void) {
    Err err;
    char *path = in_folder("figures.prom");
    CHECK(file_replace(path, STR_LITERAL("first\n"), FILE_MODE_SHARED, &err));
    CHECK(mode_of(path) == 0644);
    struct stat before, after;
    CHECK(stat(path, &before) == 0);
    CHECK(file_replace(path, STR_LITERAL("second\n"), FILE_MODE_SHARED, &err));
    CHECK(stat(path, &after) == 0 && before.st_ino != after.st_ino);
    char *text = file_text(path);
    CHECK_TEXT(text, "second\n");
    free(text);
}

static void links_are_followed(void) {
    Err err;
    char link[128];
    snprintf(link, sizeof(link), "%s/link", folder);
    CHECK(file_replace(in_folder("target"), STR_LITERAL("old"), FILE_MODE_PRIVATE, &err));
    CHECK(symlink("target", link) == 0);
    CHECK(file_replace(link, STR_LITERAL("new"), FILE_MODE_PRIVATE, &err));
    struct stat status;
    CHECK(lstat(link, &status) == 0 && S_ISLNK(status.st_mode));
    char *text = file_text(in_folder("target"));
    CHECK_TEXT(text, "new");
    free(text);
}

static void links_to_nothing_make_it(void) {
    Err err;
    char link[128], far[128];
    struct stat status;
    snprintf(link, sizeof(link), "%s/first", folder);
    CHECK(symlink("second", link) == 0);
    snprintf(far, sizeof(far), "%s/made", folder);
    CHECK(symlink(far, in_folder("second")) == 0);
    CHECK(file_place_check("json", link, false, &err));
    CHECK(file_replace(link, STR_LITERAL("new"), FILE_MODE_PRIVATE, &err));
    CHECK(lstat(link, &status) == 0 && S_ISLNK(status.st_mode));
    char *text = file_text(far);
    CHECK_TEXT(text, "new");
    free(text);
    CHECK(unlink(link) == 0 && symlink("/nowhere/x", link) == 0);
    CHECK(!file_place_check("json", link, false, &err));
    CHECK(!file_replace(link, STR_LITERAL("new"), FILE_MODE_PRIVATE, &err));
    CHECK(unlink(link) == 0 && symlink("first", link) == 0);
    CHECK(!file_replace(link, STR_LITERAL("new"), FILE_MODE_PRIVATE, &err));
    CHECK(strstr(err.text, "Too many levels of symbolic links") != NULL);
    CHECK(unlink(link) == 0 && unlink(in_folder("second")) == 0 && unlink(far) == 0);
}

/* A pipe stands in for all that is no regular file: a broken rule would replace /dev/null itself. */
static void pipes_are_not_replaced(void) {
    Err err;
    struct stat status;
    char got[8] = "";
    const char *path = in_folder("pipe");
    CHECK(mkfifo(path, 0600) == 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    CHECK(file_replace(path, STR_LITERAL("text"), FILE_MODE_PRIVATE, &err));
    CHECK(stat(path, &status) == 0 && S_ISFIFO(status.st_mode));
    CHECK(read(reader, got, sizeof(got) - 1) == 4);
    CHECK_TEXT(got, "text");
    close(reader);
    CHECK(!file_replace(path, STR_LITERAL("text"), FILE_MODE_PRIVATE, &err));
    CHECK(strstr(err.text, "nobody reads this pipe") != NULL);
    FILE *file;
    CHECK(!file_create(path, &file, &err));
    unlink(path);
}

static void places_that_cannot_be(void) {
    Err err;
    struct stat status;
    CHECK(!file_replace("/nowhere/x.json", STR_LITERAL("x"), FILE_MODE_PRIVATE, &err));
    CHECK_TEXT(err.text, "could not write \"/nowhere/x.json\": No such file or directory");
    CHECK(!file_replace(folder, STR_LITERAL("x"), FILE_MODE_PRIVATE, &err));
    CHECK(stat(folder, &status) == 0 && S_ISDIR(status.st_mode));
}

int main(void) {
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return 1;
    }
    TEST_RUN(the_contract);
    TEST_RUN(of_a_standby);
    TEST_RUN(not_planned);
    TEST_RUN(one_or_an_array);
    TEST_RUN(findings_as_lines);
    TEST_RUN(findings_on_a_full_disk);
    TEST_RUN(files_are_replaced_as_a_whole);
    TEST_RUN(links_are_followed);
    TEST_RUN(links_to_nothing_make_it);
    TEST_RUN(pipes_are_not_replaced);
    TEST_RUN(places_that_cannot_be);
    char command[128];
    snprintf(command, sizeof(command), "ls -A %s | grep -v -e json$ -e prom$ -e link -e target", folder);
    CHECK(system(command) != 0); /* no temporary file is left */
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    CHECK(system(command) == 0);
    return test_finish();
}
