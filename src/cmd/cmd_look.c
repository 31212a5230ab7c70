/* `twofold look`: these rows, now, side by side. */
#include "cmd/commands.h"
#include "cmd/say.h"

#include "check/look.h"
#include "report/shown.h"

#include <string.h>

static const char *truth_word(const LookInvariant *invariant) {
    static const char *const words[] = {[TRUTH_FALSE] = "broken", [TRUTH_TRUE] = "holds", [TRUTH_UNKNOWN] = "unknown"};
    if (invariant->truth == TRUTH_UNKNOWN && invariant->null == NULL_HOLDS) {
        return "holds (null: holds)";
    }
    if (invariant->truth == TRUTH_UNKNOWN && invariant->null == NULL_FAILS) {
        return "broken (null: fails)";
    }
    return words[invariant->truth];
}

static void show_pair(const LookPair *pair, Buf *out) {
    buf_printf(out, "  %-9s %s = ", pair->equal ? "equal" : "DIFFERENT", pair->old_name);
    shown_value(pair->old, out);
    if (strcmp(pair->old_name, pair->new_name) != 0 || !pair->equal) {
        buf_printf(out, " | %s = ", pair->new_name);
        shown_value(pair->new_, out);
    }
    buf_char(out, '\n');
}

static void show_invariant(const LookInvariant *invariant, bool one_row, Buf *out) {
    buf_printf(out, "  %-9s %s: %s\n", truth_word(invariant), invariant->name, invariant->holds);
    for (size_t i = 0; i < invariant->cell_count; i++) {
        const char *side = one_row ? "" : i < invariant->old_cells ? "old." : "new.";
        buf_printf(out, "            %s%s = ", side, invariant->cells[i].name);
        shown_value(invariant->cells[i].value, out);
        buf_char(out, '\n');
    }
}

static void show_presence(const LookRow *row, bool one_row, Buf *out) {
    if (one_row || row->old_rows + row->new_rows == 0) {
        buf_text(out, row->old_rows == 0 ? "  no such row\n" : "  this key occurs more than once\n");
    } else if (row->old_rows > 1 || row->new_rows > 1) {
        buf_printf(out, "  this key occurs more than once: %zu rows in old, %zu in new\n", row->old_rows,
                   row->new_rows);
    } else {
        buf_printf(out, "  missing in %s\n", row->old_rows == 0 ? "old" : "new");
    }
    for (size_t i = 0; i < row->alone_count; i++) {
        buf_printf(out, "            %s.%s = ", row->old_rows == 0 ? "new" : "old", row->alone[i].name);
        shown_value(row->alone[i].value, out);
        buf_char(out, '\n');
    }
}

static void show_row(const Match *match, const LookRow *row, Buf *out) {
    buf_text(out, "key");
    for (size_t i = 0; i < match->key_count; i++) {
        buf_char(out, ' ');
        shown_value(row->key[i], out);
    }
    buf_printf(out, ": %s\n", verdict_name(row->verdict));
    if (row->pairs == NULL) {
        show_presence(row, match->one_row, out);
        return;
    }
    for (size_t i = 0; i < match->pair_count; i++) {
        show_pair(&row->pairs[i], out);
    }
    for (size_t i = 0; i < match->invariant_count; i++) {
        show_invariant(&row->invariants[i], match->one_row, out);
    }
}

static Verdict worst(const LookRow *rows, size_t count) {
    Verdict verdict = VERDICT_CONSISTENT;
    for (size_t i = 0; i < count; i++) {
        if (verdict != VERDICT_INCONSISTENT && rows[i].verdict != VERDICT_CONSISTENT) {
            verdict = rows[i].verdict;
        }
    }
    return verdict;
}

static bool keys_complete(const Match *match, size_t words, Err *err) {
    if (words % match->key_count == 0) {
        return true;
    }
    Buf names = {0};
    for (size_t i = 0; i < match->key_count; i++) {
        buf_printf(&names, "%s%s", i == 0 ? "" : ", ", match->key_names[i]);
    }
    err_set(err, TF_ERROR_USAGE, "cannot make keys of %zu %s: a key here is (%.*s)", words,
            words == 1 ? "word" : "words", STR_ARG(buf_view(&names)));
    buf_free(&names);
    return false;
}

Exit cmd_look(const Options *options) {
    Err err;
    const char *folders[2];
    SpecSearch search = search_of(options, folders);
    Check check = {0};
    Buf out = {0};
    const LookRow *rows = NULL;
    Exit status;
    if (!words_enough(options, 2, "a spec and a key: `twofold look SPEC KEY...`", &err) ||
        !check_open(&check, options->words[0], &search, &err) ||
        !keys_complete(&check.match, options->word_count - 1, &err) ||
        !look_rows(&check, &check.arena, options->words + 1, (options->word_count - 1) / check.match.key_count, &rows,
                   &err)) {
        status = say_failure(&err);
    } else {
        size_t count = (options->word_count - 1) / check.match.key_count;
        for (size_t i = 0; i < count; i++) {
            show_row(&check.match, &rows[i], &out);
        }
        status = (Exit)worst(rows, count);
    }
    check_close(&check);
    return finish_lines(&out, status);
}
