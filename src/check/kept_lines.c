#include "check/kept_lines.h"

#include "base/json.h"
#include "base/json_writer.h"
#include "check/kept_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* ---- writing ---------------------------------------------------------------------------------------------- */

enum { RUN_MOST = 1 << 24 }; /* findings in one line */

static void step_flush(KeptLines *lines) {
    if (lines->times > 0) {
        buf_printf(&lines->run, " %" PRId64, lines->step);
    }
    if (lines->times > 1) {
        buf_printf(&lines->run, "*%" PRId64, lines->times);
    }
    lines->times = 0;
}

/* One alone is written as what it is. */
static void run_write(KeptLines *lines) {
    Value key = {.kind = KIND_INT, .state = CELL_VALUE, .as.integer = lines->first};
    Finding alone = {.kind = lines->kind, .cause = CAUSE_MISSING, .key = &key, .key_count = 1};
    if (lines->count == 1) {
        kept_finding_write(&alone, &lines->text);
        return;
    }
    step_flush(lines);
    JsonWriter json = json_writer(&lines->text, false);
    json_begin_object(&json);
    json_member_text(&json, "kind", finding_kind_name(lines->kind));
    json_member_text(&json, "cause", cause_name(CAUSE_MISSING));
    json_member_int(&json, "count", lines->count);
    json_name(&json, "integers");
    json_string(&json, buf_view(&lines->run));
    json_end_object(&json);
}

static void run_end(KeptLines *lines) {
    if (lines->count > 0) {
        run_write(lines);
        buf_char(&lines->text, '\n');
        buf_empty(&lines->run);
        lines->count = lines->times = 0;
    }
}

static void run_add(KeptLines *lines, FindingKind kind, int64_t key) {
    if (lines->count == RUN_MOST || kind != lines->kind) {
        run_end(lines);
    }
    int64_t step = (int64_t)((uint64_t)key - (uint64_t)lines->last);
    if (lines->count == 0) {
        lines->kind = kind;
        lines->first = key;
        buf_printf(&lines->run, "%" PRId64, key);
    } else if (lines->times > 0 && step == lines->step) {
        lines->times++;
    } else {
        step_flush(lines);
        lines->step = step;
        lines->times = 1;
    }
    lines->last = key;
    lines->count++;
}

void kept_lines_add(KeptLines *lines, const Finding *finding) {
    if (finding_is_plain(finding)) {
        run_add(lines, finding->kind, finding->key[0].as.integer);
    } else {
        run_end(lines);
        kept_finding_write(finding, &lines->text);
        buf_char(&lines->text, '\n');
    }
}

void kept_lines_end(KeptLines *lines) {
    run_end(lines);
}

void kept_lines_empty(KeptLines *lines) {
    buf_empty(&lines->text);
    buf_empty(&lines->run);
    lines->count = lines->times = 0;
}

void kept_lines_free(KeptLines *lines) {
    buf_free(&lines->text);
    buf_free(&lines->run);
    *lines = (KeptLines){0};
}

/* ---- reading ---------------------------------------------------------------------------------------------- */

/* A number that begins at *at, which moves behind it. */
static bool digits_read(const char **at, int64_t *out) {
    char *end;
    bool begins = **at == '-' || (**at >= '0' && **at <= '9');
    errno = 0;
    *out = strtoll(*at, &end, 10);
    bool good = begins && errno == 0 && end != *at;
    *at = end;
    return good;
}

/* " 80" or " 1*3" */
static bool step_read(const char **at, int64_t *step, int64_t *times) {
    *times = 1;
    if (*(*at)++ != ' ' || !digits_read(at, step)) {
        return false;
    }
    if (**at != '*') {
        return true;
    }
    (*at)++;
    return digits_read(at, times) && *times > 0;
}

static bool keys_give(const char *at, int64_t count, Finding *finding, Value *key, FindingTaker taker) {
    int64_t step, times;
    if (!digits_read(&at, &key->as.integer)) {
        return false;
    }
    taker.take(taker.self, finding);
    for (count--; count > 0; count -= times) {
        if (!step_read(&at, &step, &times) || times > count) {
            return false;
        }
        for (int64_t i = 0; i < times; i++) {
            key->as.integer = (int64_t)((uint64_t)key->as.integer + (uint64_t)step);
            taker.take(taker.self, finding);
        }
    }
    return *at == '\0';
}

static bool run_read(Arena *arena, Str text, Str raw_integers, const Match *match, int64_t most, FindingTaker taker) {
    Value key = {.kind = KIND_INT, .state = CELL_VALUE};
    Finding finding = {.key = &key, .key_count = 1};
    Str raw_count, integers;
    int64_t count;
    return match->key_count == 1 && kept_words_read(arena, text, &finding) &&
           json_member(text, STR_LITERAL("count"), &raw_count) && kept_number_read(raw_count, &count) && count > 0 &&
           count <= most && finding_is_plain(&finding) && kept_string_read(arena, raw_integers, &integers) &&
           keys_give(arena_copy(arena, integers.bytes, integers.length), count, &finding, &key, taker);
}

bool kept_line_read(Arena *arena, Str text, const Match *match, int64_t most, FindingTaker taker) {
    Str integers;
    Finding finding;
    if (json_member(text, STR_LITERAL("integers"), &integers)) {
        return run_read(arena, text, integers, match, most, taker);
    }
    bool good = kept_finding_read(arena, text, match, &finding);
    if (good) {
        taker.take(taker.self, &finding);
    }
    return good;
}
