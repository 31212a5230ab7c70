/* The parts of a spec, each read from its node: what spec_read puts together. */
#ifndef SPEC_PARTS_H
#define SPEC_PARTS_H

#include "spec/spec_keys.h"

enum { SPEC_MAX_CHECK_BYTES = 100, SPEC_MAX_INVARIANTS = 1000, SPEC_MAX_PARAMETERS = 32 };

/* A Spec from a file already read: what spec_read does after reading, for tests and fuzzers. */
MUST_CHECK bool spec_of_file(Arena *arena, const YamlFile *file, const SpecSearch *search, Spec *out, Err *err);

/* `what` is "old", "new" or "rows". A side without a source has source_count 0. */
MUST_CHECK bool spec_side_read(SpecReader *reader, const char *what, const YamlNode *node, SpecSide *out);
/* `node` is the list or the word of `equal:`. */
MUST_CHECK bool spec_equal_read(SpecReader *reader, const YamlNode *node, Spec *spec);
MUST_CHECK bool spec_invariants_read(SpecReader *reader, const YamlNode *node, Spec *spec);
/* A name for an invariant that has none: new.a == old.b * 100  ->  new-a-is-old-b-times-100. In arena. */
const char *spec_slug(Arena *arena, Str expression);
/* `node` may be NULL: no limits. */
MUST_CHECK bool spec_limits_read(SpecReader *reader, const YamlNode *node, SpecLimits *out);
/* `node` may be NULL: nothing said. After the sides. */
MUST_CHECK bool spec_repair_read(SpecReader *reader, const YamlNode *node, Spec *spec);
/* A text as an expression; errors stand at their byte of it. */
MUST_CHECK bool spec_expression_read(SpecReader *reader, const YamlNode *node, Expr **out);
/* `node` may be NULL: the usual policy. */
MUST_CHECK bool spec_gate_read(SpecReader *reader, const YamlNode *node, SpecGate *out);
/* `node` may be NULL: no contract. */
MUST_CHECK bool spec_contract_read(SpecReader *reader, const YamlNode *node, SpecContract *out);
/* Values of keys called `what`: *out stays as it is where `node` is NULL. A period is a time of at most a year. */
MUST_CHECK bool spec_period_read(SpecReader *reader, const char *what, const YamlNode *node, int64_t *out_us);
MUST_CHECK bool spec_count_read(SpecReader *reader, const char *what, const YamlNode *node, int64_t *out);
MUST_CHECK bool spec_null_policy_read(SpecReader *reader, const YamlNode *node, NullPolicy *out);
/* A time of at most a day; `what` completes "cannot use ... as". */
MUST_CHECK bool spec_time_read(SpecReader *reader, const YamlNode *node, const char *what, int64_t *out_us);
/* The digest of the meaning; see Spec.digest. */
const char *spec_digest(Arena *arena, const Spec *spec);

#endif
