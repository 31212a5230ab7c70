/* The page for a browser: its parts, what it never lets through, the map, the lines of a finding. What a browser makes
 * of it: tests/browser. */
#include "report/finding_lines.h"
#include "report/html.h"
#include "report/html_map.h"
#include "report/html_page.h"
#include "report/html_text.h"
#include "report/template.h"

#include "unit/report_fixture.h"
#include "unit/test.h"

#include <sys/stat.h>
#include <unistd.h>

enum { RANGES = 1000, RANGE_KEYS = 100 };

static const char hostile[] = "\"><script>planted()</script><!--'&\xE2\x80\xA8\xE2\x80\xAE\n\xFF";

static bool holds(const Buf *text, const char *part) {
    return text->bytes != NULL && strstr(text->bytes, part) != NULL;
}

static size_t times(const Buf *text, const char *part) {
    size_t count = 0;
    for (const char *at = strstr(text->bytes, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

static HtmlPage page_of(const Fixture *f) {
    return (HtmlPage){.result = &f->result,
                      .findings = f->result.sample,
                      .finding_count = f->result.sample_count,
                      .plan = "a plan\n"};
}

/* ---- the page ------------------------------------------------------------------------------------------------- */

static void what_it_says(void) {
    Fixture f;
    Buf out = {0};
    fixture_make(&f);
    Finding unknown = f.findings[1];
    unknown.pair_count = 0;
    f.result.undecided = &unknown;
    f.result.undecided_count = 1;
    RunPoint runs[] = {{.verdict = "consistent", .started_us = 1, .rows = 5}, {.verdict = "unfinished"}};
    HtmlPage page = page_of(&f);
    page.runs = runs;
    page.run_count = 2;
    RangeMap none = {.cell_count = 0};
    page.map = &none;
    html_page_write(&page, &out);
    CHECK(!holds(&out, "{{") && !holds(&out, "}}"));
    CHECK(holds(&out, "<title>orders-minor-units: inconsistent</title>"));
    CHECK(holds(&out, "<header class=\"inconsistent\">") && holds(&out, "3 rows disagree"));
    CHECK(holds(&out, "<dt>Missing in old</dt><dd>1</dd>") && holds(&out, "<dd>100 %</dd>"));
    CHECK(holds(&out, "old.legacy_flag"));
    CHECK(holds(&out, "data-invariant=\"0\">currency-present</a>"));
    CHECK(holds(&out, "<td class=\"column\">status</td><td class=\"value\">paid</td><td class=\"value\">new</td>"));
    CHECK(holds(&out, "<td class=\"note\" colspan=\"3\">breaks currency-present</td>"));
    CHECK(holds(&out, "<span class=\"null\">NULL</span>"));
    CHECK(holds(&out, "[2,8,-1,[\"42\"],[[0,0,\"paid\",\"new\"],[1,0],[2,\"currency\",0,null]]]"));
    CHECK(holds(&out, "<h2 id=\"undecided\">") && holds(&out, ">unknown: currency-present</td>"));
    CHECK(holds(&out, "class=\"mark unfinished\"") && holds(&out, "3 runs as a table"));
    CHECK(holds(&out, "0123456789abcdef0123456789abcdef") && holds(&out, "new.total_minor == old.total * 100"));
    buf_free(&out);
}

static void good_and_not_planned(void) {
    Fixture f;
    Buf out = {0};
    fixture_consistent(&f);
    RangeMap none = {.cell_count = 0};
    HtmlPage page = page_of(&f);
    page.map = &none;
    html_page_write(&page, &out);
    CHECK(holds(&out, "<header class=\"consistent\">") && !holds(&out, "id=\"findings\"") &&
          !holds(&out, "id=\"undecided\"") && !holds(&out, "{{"));
    buf_empty(&out);
    Result failed = {.check = "orders", .verdict = VERDICT_CANNOT_TELL};
    (void)err_set(&failed.err, TF_ERROR_CONNECTION, "could not connect to \"<b>shop</b>\"");
    (void)err_hint(&failed.err, "Is <i>it</i> running?");
    html_page_write(&(HtmlPage){.result = &failed}, &out);
    CHECK(holds(&out, "<header class=\"cannot-tell\">") && !holds(&out, "{{"));
    CHECK(holds(&out, "could not connect to &quot;&lt;b&gt;shop&lt;/b&gt;&quot;") && !holds(&out, "<i>it</i>"));
    buf_free(&out);
}

/* Every text that a page can hold, hostile: nothing of it is markup, and no script is there but the page's own. */
static void nothing_gets_through(void) {
    Fixture f;
    Buf out = {0};
    fixture_make(&f);
    f.result.reason = hostile;
    f.result.mode_reason = hostile;
    f.key_names[0] = f.left_out[0] = hostile;
    f.rules[0].name = f.rules[0].holds = f.spec.path = f.spec.digest = hostile;
    f.match.old.relation.name = f.match.new_.relation.name = hostile;
    for (size_t i = 0; i < FIXTURE_COLUMNS; i++) {
        f.old_columns[i].name = f.new_columns[i].name = hostile;
    }
    f.old_cells[0] = (FindingCell){hostile, value_text(hostile)};
    f.new_cells[0] = (FindingCell){hostile, value_text("<b>")};
    f.keys[0] = value_text(hostile);
    (void)err_set(&f.result.err, TF_ERROR_IO, "%s", hostile);
    (void)err_hint(&f.result.err, "%s", hostile);
    Plan plan = {.match = &f.match, .ranges = &(Range){.rows = RANGE_ALL}, .range_count = 1};
    RangeMap map;
    range_map_begin(&map, &plan);
    range_map_end(&map);
    HtmlPage page = page_of(&f);
    page.map = &map;
    page.plan = page.old_place = page.new_place = hostile;
    RunPoint run = {.verdict = hostile};
    page.runs = &run;
    page.run_count = 1;
    html_page_write(&page, &out);
    CHECK(times(&out, "planted") > 20);
    CHECK(!holds(&out, "<script>planted") && !holds(&out, "planted()</script>") && !holds(&out, "<!--"));
    CHECK(!holds(&out, "\"><script") && times(&out, "<script") == 3 && times(&out, "</script") == 3);
    CHECK(!holds(&out, "\xE2\x80\xA8") && !holds(&out, "\xE2\x80\xAE") && utf8_valid(buf_view(&out)));
    buf_free(&out);
}

static void text_is_text(void) {
    Buf out = {0};
    html_json(STR_LITERAL("\"</script>&\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xA6\""), &out);
    CHECK_TEXT(out.bytes, "\"\\u003c/script\\u003e\\u0026\\u2028\\u2029\xE2\x80\xA6\"");
    buf_empty(&out);
    html_hash(STR_LITERAL("alert(1)"), &out);
    CHECK_TEXT(out.bytes, "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='");
    buf_free(&out);
}

static void the_file_is_private(void) {
    char path[] = "/tmp/twofold-html-XXXXXX";
    struct stat status;
    Fixture f;
    Err err;
    int file = mkstemp(path);
    CHECK(file >= 0 && close(file) == 0 && chmod(path, 0644) == 0);
    fixture_make(&f);
    Plan plan = {.match = &f.match, .ranges = &(Range){.rows = RANGE_ALL}, .range_count = 1};
    HtmlOptions options = {.path = path};
    Sink *sink = html_sink_open(&options);
    CHECK(sink->plan(sink, &plan, &err));
    for (size_t i = FIXTURE_FINDINGS; i-- > 0;) {
        CHECK(sink->finding(sink, &f.findings[i], &err));
    }
    f.findings[1].old_written_us = INT64_C(1767323045000000);
    CHECK(sink->result(sink, &f.result, &err));
    sink->close(sink);
    CHECK(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600);
    Buf text = {.bytes = file_text(path)};
    CHECK(holds(&text, ",\"2026-01-02 03:04:05\",\"\"]") && holds(&text, "All of them, in key order."));
    free(text.bytes);
    unlink(path);
}

/* ---- parts and lines ------------------------------------------------------------------------------------------- */

static bool is_never(const void *page) {
    (void)page;
    return false;
}

static void write_x(const void *page, Buf *out) {
    (void)page;
    buf_char(out, 'x');
}

static void templates(void) {
    static const TemplatePart parts[] = {{"a", NULL, write_x}, {"no", is_never, write_x}};
    Buf out = {0};
    template_write(STR_LITERAL("<{{a}}>{{?a}}[{{a}}]{{/a}}{{?no}}{{a}}{{no}}{{/no}}{{b}}{ {{a}}{{"), parts, 2, NULL,
                   &out);
    CHECK_TEXT(out.bytes, "<x>[x]{{b}}{ x{{");
    buf_free(&out);
}

static void differences(void) {
    Common common = common_ends(STR_LITERAL("1.11"), STR_LITERAL("111.00"));
    CHECK(common.begin == 1 && common.end == 0);
    common = common_ends(STR_LITERAL("aaa"), STR_LITERAL("aa"));
    CHECK(common.begin == 2 && common.end == 0);
    common = common_ends(STR_LITERAL("x\xC3\xA4y"), STR_LITERAL("x\xC3\xA5y")); /* they share a byte, not a letter */
    CHECK(common.begin == 1 && common.end == 1);
    common = common_ends(STR_LITERAL("\xC3\xA4"), STR_LITERAL("\xC5\xA4"));
    CHECK(common.begin == 0 && common.end == 0);
}

static void long_values_are_cut(void) {
    Fixture f;
    Arena arena = {0};
    size_t count;
    static char old[5001], new_[5001];
    fixture_make(&f);
    memset(old, 'a', 5000);
    memset(new_, 'a', 5000);
    memcpy(old + 3000, "old!", 4);
    f.old_cells[0].value = value_text(old);
    f.new_cells[0].value = value_text(new_);
    const FindingLine *lines = finding_lines(&arena, &f.match, &f.findings[1], "breaks ", &count);
    CHECK(count == 3 && lines[0].kind == LINE_PAIR && lines[1].kind == LINE_BROKEN && lines[2].kind == LINE_CELL);
    CHECK(lines[0].old.text.length <= LINE_VALUE_BYTES + 6 && lines[0].new_.text.length <= LINE_VALUE_BYTES + 6);
    CHECK(memmem(lines[0].old.text.bytes, lines[0].old.text.length, "old!", 4) != NULL);
    Common common = common_ends(lines[0].old.text, lines[0].new_.text);
    CHECK(lines[0].old.text.length - common.begin - common.end == 4);
    arena_free(&arena);
}

/* ---- the map ----------------------------------------------------------------------------------------------------- */

typedef struct MapFixture {
    Fixture f;
    Arena arena;
    Range ranges[RANGES + 1];
    Plan plan;
    RangeMap map;
} MapFixture;

/* ..., [100, 200), [200, 300), ..., and rows with NULL. */
static void map_make(MapFixture *m, size_t count) {
    memset(m, 0, sizeof(*m));
    fixture_make(&m->f);
    const Value *from = NULL;
    for (size_t i = 0; i < count; i++) {
        Value *to = ARENA_NEW(&m->arena, Value);
        *to = value_int((int64_t)(i + 1) * RANGE_KEYS);
        m->ranges[i] = (Range){RANGE_BETWEEN, from, i + 1 < count ? to : NULL};
        from = to;
    }
    m->ranges[count] = (Range){.rows = RANGE_WITH_NULL};
    m->plan = (Plan){.match = &m->f.match, .ranges = m->ranges, .range_count = count + 1};
    range_map_begin(&m->map, &m->plan);
}

static void map_find(MapFixture *m, Value key) {
    range_map_finding(&m->map, &(Finding){.kind = MISSING_IN_NEW, .key = &key, .key_count = 1});
}

static void map_read(MapFixture *m, size_t first, size_t count, RangeState state, Counts counts) {
    RangeReport report = {.index = first, .count = count, .state = state, .counts = counts};
    range_map_report(&m->map, &report);
}

static void keys_have_places(void) {
    static MapFixture m;
    map_make(&m, 9);
    CHECK(m.map.cell_count == 10);
    map_find(&m, value_int(-5));
    map_find(&m, value_int(99));
    map_find(&m, value_int(100));
    map_find(&m, value_int(100000));
    map_find(&m, (Value){.kind = KIND_INT, .state = CELL_NULL});
    map_read(&m, 0, 9, RANGE_PROVED, (Counts){.old_rows = 900});
    map_read(&m, 9, 1, RANGE_FAILED, (Counts){0});
    range_map_end(&m.map);
    const MapCell *cells = m.map.cells;
    CHECK(m.map.cell_count == 10);
    CHECK(cells[0].mismatched == 2 && cells[1].mismatched == 1 && cells[2].mismatched == 0);
    CHECK(cells[8].mismatched == 1 && cells[9].mismatched == 1 && cells[9].failed == 1 && cells[8].failed == 0);
    Value key = value_int(250);
    CHECK(range_map_cell(&m.map, &key) == 2);
    arena_free(&m.arena);
}

/* Nothing is said of a single range where it is known only of all that were read as one. */
static void what_is_not_known_apart_is_one_cell(void) {
    static MapFixture m;
    map_make(&m, 9);
    map_read(&m, 2, 3, RANGE_PROVED, (Counts){.in_flight = 2});
    map_read(&m, 5, 2, RANGE_PROVED, (Counts){.undecided = 1});
    range_map_end(&m.map);
    CHECK(m.map.cell_count == 7 && m.map.cells[2].first == 2 && m.map.cells[2].last == 4);
    CHECK(m.map.cells[2].in_flight == 2 && m.map.cells[3].undecided == 1 && m.map.cells[3].last == 6);
    arena_free(&m.arena);
    map_make(&m, 9);
    m.map.places = false;
    map_find(&m, value_int(5));
    map_read(&m, 3, 2, RANGE_PROVED, (Counts){.kinds[DIFFERENT] = 4});
    range_map_end(&m.map);
    CHECK(m.map.cell_count == 9 && m.map.cells[3].mismatched == 4 && m.map.cells[0].mismatched == 0);
    Value key = value_int(250);
    CHECK(range_map_cell(&m.map, &key) == m.map.cell_count);
    arena_free(&m.arena);
}

static void stretches_of_damage(void) {
    static MapFixture m;
    Buf out = {0};
    map_make(&m, 9);
    map_find(&m, value_int(250));
    map_find(&m, value_int(350));
    map_find(&m, value_int(351));
    map_find(&m, value_int(50));
    map_read(&m, 8, 1, RANGE_FAILED, (Counts){0});
    range_map_end(&m.map);
    CHECK(html_map_worst(&m.map, &out) == 3);
    CHECK_TEXT(out.bytes, "<tr><th scope=\"row\"><a href=\"#rows\" data-cell=\"2-3\">from 200 to below 400</a></th>"
                          "<td>3 rows disagree</td></tr>\n"
                          "<tr><th scope=\"row\"><a href=\"#rows\" data-cell=\"0-0\">below 100</a></th>"
                          "<td>1 row disagrees</td></tr>\n"
                          "<tr><th scope=\"row\">from 800</th><td>not all read</td></tr>\n");
    buf_empty(&out);
    html_map_cells(&m.map, &out);
    CHECK(holds(&out, "class=\"cell failed\" href=\"#rows\" data-cell=\"8\" title=\"from 800: not all read\""));
    CHECK(holds(&out, "title=\"rows with NULL in the key: proved equal\""));
    buf_free(&out);
    arena_free(&m.arena);
}

static void many_ranges_few_cells(void) {
    static MapFixture m;
    map_make(&m, RANGES);
    CHECK(m.map.cell_count <= MAP_CELLS && m.map.ranges_a_cell == 3);
    map_find(&m, value_int(31 * RANGE_KEYS));
    range_map_end(&m.map);
    CHECK(m.map.cells[10].mismatched == 1 && m.map.cells[10].first == 30 && m.map.cells[10].last == 32);
    CHECK(m.map.cells[m.map.cell_count - 1].last == RANGES);
    arena_free(&m.arena);
}

/* A run that goes on with another tells that one's findings; their ranges are not in this plan. */
static void keys_of_another_run(void) {
    static MapFixture m;
    map_make(&m, 9);
    m.plan.ranges = &m.ranges[4];
    m.plan.range_count = 2;
    range_map_begin(&m.map, &m.plan);
    map_find(&m, value_int(5));
    map_find(&m, value_int(900));
    map_find(&m, value_int(450));
    CHECK(m.map.cells[0].mismatched == 1 && m.map.cells[1].mismatched == 0);
    arena_free(&m.arena);
}

int main(void) {
    TEST_RUN(what_it_says);
    TEST_RUN(good_and_not_planned);
    TEST_RUN(nothing_gets_through);
    TEST_RUN(text_is_text);
    TEST_RUN(the_file_is_private);
    TEST_RUN(templates);
    TEST_RUN(differences);
    TEST_RUN(long_values_are_cut);
    TEST_RUN(keys_have_places);
    TEST_RUN(what_is_not_known_apart_is_one_cell);
    TEST_RUN(stretches_of_damage);
    TEST_RUN(many_ranges_few_cells);
    TEST_RUN(keys_of_another_run);
    return test_finish();
}
