/* A made-up check for the tests of reports: orders against orders_v2, three rows that disagree.
 *
 *     17   missing in new
 *     42   status paid -> new, and currency-present is broken
 *     99   missing in old
 */
#ifndef UNIT_REPORT_FIXTURE_H
#define UNIT_REPORT_FIXTURE_H

#include "check/finding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIXTURE_PAIRS = 2, FIXTURE_INVARIANTS = 2, FIXTURE_COLUMNS = 4, FIXTURE_FINDINGS = 3 };

typedef struct Fixture {
    const char *old_source[1], *new_source[1];
    Spec spec;
    RelationColumn old_columns[FIXTURE_COLUMNS], new_columns[FIXTURE_COLUMNS];
    ScanColumn scan[FIXTURE_COLUMNS];
    size_t slots[FIXTURE_COLUMNS];
    const char *left_out[1];
    const char *key_names[2];
    MatchPair pairs[FIXTURE_PAIRS];
    SpecInvariant rules[FIXTURE_INVARIANTS];
    ExprColumnUse uses[FIXTURE_INVARIANTS][2];
    MatchInvariant invariants[FIXTURE_INVARIANTS];
    Match match;
    int64_t different[FIXTURE_PAIRS], violations[FIXTURE_INVARIANTS], undecided[FIXTURE_INVARIANTS];
    Value keys[FIXTURE_FINDINGS];
    size_t unequal[1], broken[1];
    FindingCell old_cells[2], new_cells[2];
    Finding findings[FIXTURE_FINDINGS];
    Result result;
} Fixture;

static inline Value value_int(int64_t integer) {
    return (Value){.kind = KIND_INT, .state = CELL_VALUE, .as.integer = integer};
}

static inline Value value_text(const char *text) {
    return (Value){.kind = KIND_TEXT, .state = CELL_VALUE, .as.text = {text, strlen(text)}};
}

static inline Value value_null(void) {
    return (Value){.kind = KIND_TEXT, .state = CELL_NULL};
}

static inline void fixture_match(Fixture *f) {
    static const char *const names[FIXTURE_COLUMNS] = {"id", "status", "total", "currency"};
    for (size_t i = 0; i < FIXTURE_COLUMNS; i++) {
        f->old_columns[i] = (RelationColumn){.name = names[i], .kind = i == 0 ? KIND_INT : KIND_TEXT};
        f->new_columns[i] = f->old_columns[i];
        f->scan[i] = (ScanColumn){.column = i, .kind = f->old_columns[i].kind};
        f->slots[i] = i;
    }
    f->new_columns[2].name = "total_minor";
    f->old_source[0] = "postgresql://localhost/shop";
    f->new_source[0] = f->old_source[0];
    f->spec =
        (Spec){.path = "orders.yaml", .check = "orders-minor-units", .digest = "0123456789abcdef0123456789abcdef"};
    f->spec.old = (SpecSide){.sources = f->old_source, .source_count = 1};
    f->spec.new_ = (SpecSide){.sources = f->new_source, .source_count = 1};
    f->left_out[0] = "legacy_flag";
    f->key_names[0] = "id";
    f->pairs[0] = (MatchPair){.name = "status", .old_slot = 1, .new_slot = 1, .kind = KIND_TEXT};
    f->pairs[1] = (MatchPair){.name = "total_minor", .old_slot = 2, .new_slot = 2, .kind = KIND_TEXT};
    f->rules[0] = (SpecInvariant){.name = "currency-present", .holds = "new.currency is not null"};
    f->rules[1] = (SpecInvariant){.name = "minor-is-total", .holds = "new.total_minor == old.total * 100"};
    f->uses[0][0] = (ExprColumnUse){EXPR_NEW, 3};
    f->uses[1][0] = (ExprColumnUse){EXPR_NEW, 2};
    f->uses[1][1] = (ExprColumnUse){EXPR_OLD, 2};
    f->invariants[0] = (MatchInvariant){.spec = &f->rules[0], .uses = f->uses[0], .use_count = 1};
    f->invariants[1] = (MatchInvariant){.spec = &f->rules[1], .uses = f->uses[1], .use_count = 2};
    f->match = (Match){.spec = &f->spec, .key_count = 1, .key_names = f->key_names};
    f->match.old = (MatchSide){.columns = f->scan, .column_count = FIXTURE_COLUMNS, .slots = f->slots};
    f->match.new_ = f->match.old;
    f->match.old.relation = (Relation){
        .name = "\"public\".\"orders\"", .columns = f->old_columns, .column_count = FIXTURE_COLUMNS, .digest = "aa"};
    f->match.new_.relation = (Relation){
        .name = "\"public\".\"orders_v2\"", .columns = f->new_columns, .column_count = FIXTURE_COLUMNS, .digest = "bb"};
    f->match.old.not_compared = f->left_out;
    f->match.old.not_compared_count = 1;
    f->match.pairs = f->pairs;
    f->match.pair_count = FIXTURE_PAIRS;
    f->match.invariants = f->invariants;
    f->match.invariant_count = FIXTURE_INVARIANTS;
}

static inline void fixture_findings(Fixture *f) {
    static const FindingKind kinds[FIXTURE_FINDINGS] = {MISSING_IN_NEW, DIFFERENT, MISSING_IN_OLD};
    static const int64_t keys[FIXTURE_FINDINGS] = {17, 42, 99};
    for (size_t i = 0; i < FIXTURE_FINDINGS; i++) {
        f->keys[i] = value_int(keys[i]);
        f->findings[i] = (Finding){.kind = kinds[i], .key = &f->keys[i], .key_count = 1, .cause = CAUSE_MISSING};
    }
    f->old_cells[0] = (FindingCell){"status", value_text("paid")};
    f->new_cells[0] = (FindingCell){"status", value_text("new")};
    f->new_cells[1] = (FindingCell){"currency", value_null()};
    Finding *different = &f->findings[1];
    different->pairs = f->unequal;
    different->pair_count = 1;
    different->invariants = f->broken;
    different->invariant_count = 1;
    different->old = f->old_cells;
    different->old_count = 1;
    different->new_ = f->new_cells;
    different->new_count = 2;
    different->cause = CAUSE_OTHER;
}

/* The inconsistent result; `f` must stay where it is. */
static inline void fixture_make(Fixture *f) {
    memset(f, 0, sizeof(*f));
    fixture_match(f);
    fixture_findings(f);
    f->different[0] = 1;
    f->violations[0] = 1;
    f->result = (Result){.match = &f->match,
                         .check = "orders-minor-units",
                         .verdict = VERDICT_INCONSISTENT,
                         .reason = "3 rows disagree",
                         .mode = MODE_JOIN,
                         .mode_reason = "both sides are in one database",
                         .started_us = INT64_C(1767323045000000),
                         .duration_us = 1200000,
                         .mismatched_rows = 3,
                         .mismatch_ratio = 6e-07,
                         .ranges_planned = 50,
                         .ranges_proved = 50,
                         .coverage = 1.0,
                         .sample = f->findings,
                         .sample_count = FIXTURE_FINDINGS};
    Counts *counts = &f->result.counts;
    *counts = (Counts){.old_rows = 5000000, .new_rows = 5000000, .compared = 4999999};
    counts->kinds[MISSING_IN_NEW] = 1;
    counts->kinds[MISSING_IN_OLD] = 1;
    counts->kinds[DIFFERENT] = 1;
    counts->causes[CAUSE_MISSING] = 2;
    counts->causes[CAUSE_OTHER] = 1;
    counts->pair_different = f->different;
    counts->invariant_violations = f->violations;
    counts->invariant_undecided = f->undecided;
}

/* The same check without a fault. */
static inline void fixture_consistent(Fixture *f) {
    fixture_make(f);
    f->different[0] = 0;
    f->violations[0] = 0;
    Counts *counts = &f->result.counts;
    *counts = (Counts){.old_rows = 5000000,
                       .new_rows = 5000000,
                       .compared = 5000000,
                       .pair_different = f->different,
                       .invariant_violations = f->violations,
                       .invariant_undecided = f->undecided};
    f->result.verdict = VERDICT_CONSISTENT;
    f->result.reason = "all 5,000,000 rows were read and agree";
    f->result.mismatched_rows = 0;
    f->result.mismatch_ratio = 0;
    f->result.sample = NULL;
    f->result.sample_count = 0;
}

/* A whole file as text; "" where it cannot be read. To be freed. */
static inline char *file_text(const char *path) {
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 1 << 20);
    if (file != NULL) {
        size_t length = fread(text, 1, (1 << 20) - 1, file);
        text[length] = '\0';
        fclose(file);
    }
    return text;
}

/* A golden file of tests/unit/golden; written instead of read where TWOFOLD_RECORD is set. */
static inline bool is_golden(const char *name, const char *got) {
    char path[512];
    snprintf(path, sizeof(path), "%s/tests/unit/golden/%s", TWOFOLD_ROOT, name);
    if (getenv("TWOFOLD_RECORD") != NULL) {
        FILE *file = fopen(path, "wb");
        fputs(got, file);
        fclose(file);
    }
    char *want = file_text(path);
    bool same = strcmp(got, want) == 0;
    if (!same) {
        printf("---- %s: wanted\n%s---- got\n%s----\n", name, want, got);
    }
    free(want);
    return same;
}

#endif
