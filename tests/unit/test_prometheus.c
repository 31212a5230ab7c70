/* Metrics: the pinned names, promtool's opinion, and what the textfile collector refuses. */
#include "report/prometheus.h"

#include "unit/report_fixture.h"
#include "unit/test.h"

#include <unistd.h>

static char *metrics_of(const Result *result, int64_t last_consistent_us) {
    Buf out = {0};
    prometheus_write(result, last_consistent_us, &out);
    return out.bytes;
}

static void inconsistent(void) {
    Fixture f;
    fixture_make(&f);
    char *text = metrics_of(&f.result, INT64_C(1767236645123456));
    char *version = strstr(text, "# HELP twofold_build_info");
    CHECK(strstr(version, "\ntwofold_build_info{check=\"orders-minor-units\",version=\"") != NULL);
    *version = '\0'; /* the version changes with releases */
    CHECK(is_golden("metrics_inconsistent.prom", text));
    free(text);
}

static void last_consistent_is_carried_on(void) {
    static const char sample[] = "\ntwofold_check_last_consistent_timestamp_seconds{check=\"orders-minor-units\"} ";
    Fixture f;
    fixture_make(&f);
    char *text = metrics_of(&f.result, NEVER_CONSISTENT_US);
    CHECK(strstr(text, sample) == NULL);
    CHECK(strstr(text, "# TYPE twofold_check_last_consistent_timestamp_seconds gauge\n") != NULL);
    free(text);
    fixture_consistent(&f);
    text = metrics_of(&f.result, INT64_C(1767236645123456));
    CHECK(strstr(text, sample) != NULL);
    CHECK(strncmp(strstr(text, sample) + strlen(sample), "1767323046.200000\n", 18) == 0); /* its own end */
    CHECK(strstr(text, "twofold_check_consistent{check=\"orders-minor-units\"} 1\n") != NULL);
    free(text);
}

static void labels_are_escaped(void) {
    Fixture f;
    fixture_make(&f);
    f.rules[0].name = "a \"b\" \\ c\nd \xff gr\xc3\xbc";
    char *text = metrics_of(&f.result, 0);
    CHECK(strstr(text, "invariant=\"a \\\"b\\\" \\\\ c\\nd \xEF\xBF\xBD gr\xc3\xbc\"} 1\n") != NULL);
    free(text);
}

/* Two pairs with one new column would be one series twice, and the collector drops one of them. */
static void a_series_stands_once(void) {
    Fixture f;
    fixture_make(&f);
    f.pairs[1].name = f.pairs[0].name;
    f.different[1] = 4;
    char *text = metrics_of(&f.result, 0);
    const char *first =
        strstr(text, "twofold_column_different_rows{check=\"orders-minor-units\",column=\"status\"} 5\n");
    CHECK(first != NULL && strstr(first + 1, "twofold_column_different_rows{") == NULL);
    free(text);
}

static size_t help_lines(const char *text, char *out) {
    size_t length = 0;
    for (const char *line = text; *line != '\0';) {
        size_t bytes = strcspn(line, "\n") + 1;
        if (line[0] == '#') {
            memcpy(out + length, line, bytes);
            length += bytes;
        }
        line += bytes;
    }
    return length;
}

static void help_is_the_same_in_every_file(void) {
    Fixture f;
    static char first[16384], second[16384];
    Result none = {.check = "other", .verdict = VERDICT_CANNOT_TELL};
    fixture_make(&f);
    char *text = metrics_of(&f.result, 1), *other = metrics_of(&none, 0);
    size_t length = help_lines(text, first);
    CHECK(length > 0 && length == help_lines(other, second) && memcmp(first, second, length) == 0);
    CHECK(other[strlen(other) - 1] == '\n' && strchr(other, '\r') == NULL);
    free(text);
    free(other);
}

static bool promtool_agrees(const Result *result) {
    char path[] = "/tmp/twofold-metrics-XXXXXX";
    char command[128];
    Err err;
    close(mkstemp(path));
    Sink *sink = prometheus_sink_open(path, 0);
    bool good = sink->result(sink, result, &err);
    sink->close(sink);
    snprintf(command, sizeof(command), "promtool check metrics < %s", path);
    good = good && system(command) == 0;
    unlink(path);
    return good;
}

static void promtool(void) {
    Fixture f;
    Result none = {.check = "other", .verdict = VERDICT_CANNOT_TELL};
    if (system("command -v promtool > /dev/null") != 0) {
        printf("promtool is not installed: its check is left out\n");
        return;
    }
    fixture_make(&f);
    CHECK(promtool_agrees(&f.result));
    fixture_consistent(&f);
    CHECK(promtool_agrees(&f.result));
    CHECK(promtool_agrees(&none));
}

int main(void) {
    TEST_RUN(inconsistent);
    TEST_RUN(last_consistent_is_carried_on);
    TEST_RUN(labels_are_escaped);
    TEST_RUN(a_series_stands_once);
    TEST_RUN(help_is_the_same_in_every_file);
    TEST_RUN(promtool);
    return test_finish();
}
