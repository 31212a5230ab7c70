"""The table of injuries: an intact pair of tables, one injury, and exactly the findings it must cause.

A pair of pairs.py makes t.old_t and t.new_t, which agree. An Injury is SQL that runs after it.
Tests are named after the trap of other verifiers that they stand for: 2 vacuous answers, 4 ranges that miss rows,
8 changes that cancel, 9 encodings that collide, 10 hashes that fold, 11 counts, 12 lossy numbers, 13 money through
floats, 14 NULL in comparisons, 16 noise, 17 order, 18 buffers. `value_` tests change one value a little, for each type.
"""

from dataclasses import dataclass, field

from pairs import PAIRS, WIDE


@dataclass(frozen=True)
class Injury:
    name: str
    pair: str
    sql: str
    findings: tuple = ()
    spec: dict = field(default_factory=dict)  # replaces parts of the pair's
    undecided: int = 0
    options: tuple = ()
    modes: tuple = ("join", "stream")


# --- findings, in the words of the result

def part(value):
    return None if value is None else str(value)


def key_of(key):
    return tuple(part(value) for value in key) if isinstance(key, tuple) else (part(key),)


def gone(key):
    return ("missing_in_new", key_of(key), (), ())


def extra(key):
    return ("missing_in_old", key_of(key), (), ())


def twice(key):
    return ("duplicate_key", key_of(key), (), ())


def differs(key, *columns, breaks=()):
    return ("different", key_of(key), tuple(sorted(columns)), tuple(sorted(breaks)))


# --- one value, changed a little: name, column of the row 100, old's value, new's value (None: left as it is)

WIDE_COLUMNS = {"username": "handle"}

VALUES = [
    ("value_text_one_letter", "username", None, "'user 211'"),
    ("value_text_trailing_blank", "username", None, "handle || ' '"),
    ("value_text_leading_blank", "username", None, "' ' || handle"),
    ("value_text_case", "username", None, "'User 210'"),
    ("value_text_truncated", "username", None, "left(handle, 5)"),
    ("value_text_line_end", "username", "E'a\\nb'", "E'a\\r\\nb'"),
    ("value_text_composed_accent", "username", "'caf' || chr(233)", "'cafe' || chr(769)"),
    ("value_text_four_bytes_lost", "username", "'ok ' || chr(128512)", "'ok ?'"),
    ("value_text_no_break_blank", "username", "'a b'", "'a' || chr(160) || 'b'"),
    ("value_text_long_last_byte", "username", "repeat('x', 100000) || 'a'", "repeat('x', 100000) || 'b'"),
    ("value_smallint", "small", None, "small + 1"),
    ("value_smallint_least", "small", "-32768", "32768"),
    ("value_int", "n", None, "n - 1"),
    ("value_int_wrapped", "n", "2147483647", "-2147483648"),
    ("value_bigint_sign", "big", None, "-big"),
    ("value_numeric_last_digit", "num", "0.1234567890123456789", "0.1234567890123456788"),
    ("value_float8_next", "f8", "0.3", "0.1::float8 + 0.2::float8"),
    ("value_float4_next", "f4", "1", "1.0000001"),
    ("value_bool", "flag", "true", "false"),
    ("value_bool_null", "flag", "false", "null"),
    ("value_varchar", "vc", None, "vc || 'x'"),
    ("value_char", "padded", None, "'q' || right(padded, 1)"),
    ("value_char_leading_blank", "padded", "'x'", "' x'"),
    ("value_bytea_last_byte", "raw", "'\\x00ff'", "'\\x00fe'"),
    ("value_bytea_trailing_zero", "raw", "'\\x01'", "'\\x0100'"),
    ("value_date", "day", None, "day + 1"),
    ("value_date_infinity", "day", "'infinity'", "'-infinity'"),
    ("value_date_era", "day", "'0044-03-15 BC'", "'0044-03-15'"),
    ("value_timestamptz_microsecond", "at", None, "at + interval '1 us'"),
    ("value_timestamptz_hour", "at", None, "at + interval '1 hour'"),
    ("value_timestamp_microsecond", "local", None, "local - interval '1 us'"),
    ("value_timestamp_null", "local", None, "null"),
    ("value_time", "clock", "'00:00:00'", "'00:00:00.000001'"),
    ("value_time_midnights", "clock", "'00:00'", "'24:00'"),
    ("value_interval", "span", "'1 day'", "'1 day 1 us'"),
    ("value_uuid_last_digit", "uid", "'00000000-0000-0000-0000-000000000001'",
     "'00000000-0000-0000-0000-000000000002'"),
    ("value_jsonb_member", "doc", "'{\"a\": 1, \"b\": 2}'", "'{\"a\": 1, \"b\": 3}'"),
    ("value_jsonb_member_missing", "doc", "'{\"a\": null}'", "'{}'"),
    ("value_jsonb_null", "doc", "'null'", "null"),
    ("value_jsonb_array_order", "doc", "'[1, 2]'", "'[2, 1]'"),
    ("value_jsonb_text_number", "doc", "'{\"a\": 1}'", "'{\"a\": \"1\"}'"),
    ("value_jsonb_deep", "doc", "'{\"a\": [{\"b\": [[1]]}]}'", "'{\"a\": [{\"b\": [[2]]}]}'"),
    ("value_jsonb_big_number", "doc", "'[9007199254740993]'", "'[9007199254740992]'"),
    ("value_json_bytes", "doc_text", "'{\"a\": 1}'", "'{\"a\":1}'"),
    ("value_enum", "mood", "'sad'", "'happy'"),
    ("value_array_order", "tags", "'{a,b}'", "'{b,a}'"),
    ("value_array_null", "tags", "'{a,NULL}'", "'{a,\"NULL\"}'"),
    ("value_array_empty", "tags", "'{}'", "null"),
    ("value_array_shift", "tags", "'{\"a,b\",c}'", "'{a,\"b,c\"}'"),
    ("value_within_exceeded", "price", "1.00", "1.0100001"),
    ("value_within_times_exceeded", "seen", None, "seen + interval '2 us'"),
    ("value_within_null", "price", "0", "null"),
    ("trap_09_null_and_empty", "note", "null", "''"),
    ("trap_09_empty_and_null", "note", "''", "null"),
    ("trap_09_null_and_word", "note", "null", "'null'"),
    ("trap_09_null_and_bracketed", "note", "null", "'<null>'"),
    ("trap_09_null_and_copy_null", "note", "null", "E'\\\\N'"),
    ("trap_09_bytea_null_and_empty", "raw", "null", "'\\x'"),
    ("trap_10_bigint_plus_2_to_32", "big", "1", "4294967296"),
    ("trap_10_bigint_high_half", "big", "4294967297", "8589934593"),
    ("trap_10_time_plus_2_to_32_us", "at", None, "at + interval '4294.967296 s'"),
    ("trap_12_bigint_above_double", "big", "9007199254740992", "9007199254740993"),
    ("trap_12_bigint_edge", "big", "9223372036854775807", "9223372036854775806"),
    ("trap_12_numeric_38_digits", "num", "12345678901234567890123456789012345678",
     "12345678901234567890123456789012345679"),
    ("trap_12_numeric_200_digits", "num", "repeat('9', 200)::numeric", "repeat('9', 200)::numeric - 1"),
    ("trap_12_numeric_small", "num", "1e-200", "0"),
    ("trap_12_numeric_nan_and_null", "num", "'NaN'", "null"),
    ("trap_12_numeric_nan_and_zero", "num", "'NaN'", "0"),
    ("trap_12_numeric_infinities", "num", "'Infinity'", "'-Infinity'"),
    ("trap_12_float8_nan_and_null", "f8", "'NaN'", "null"),
    ("trap_12_float8_nan_and_zero", "f8", "'NaN'", "0"),
    ("trap_12_float8_infinities", "f8", "'Infinity'", "'-Infinity'"),
    ("trap_12_float8_denormal", "f8", "5e-324", "0"),
    ("trap_12_float4_last_bit", "f4", "16777216", "16777218"),
]

SAME = [
    ("trap_12_float8_minus_zero", "f8", "0", "'-0'"),
    ("trap_12_float4_minus_zero", "f4", "'-0'", "0"),
    ("trap_12_float8_nans", "f8", "'NaN'", "'NaN'"),
    ("trap_12_numeric_nans", "num", "'NaN'", "'NaN'"),
    ("trap_12_numeric_infinity", "num", "'-Infinity'", "'-Infinity'"),
    ("trap_16_numeric_scale", "num", "1.5", "1.5000"),
    ("trap_16_numeric_zero_scale", "num", "0", "0.000"),
    ("trap_16_numeric_hundreds", "num", "1e3", "1000.0"),
    ("trap_16_char_padding", "padded", "'ab'", "'ab  '"),
    ("trap_16_jsonb_member_order", "doc", "'{\"a\": 1, \"bb\": 2}'", "'{\"bb\": 2, \"a\": 1}'"),
    ("trap_16_jsonb_number_spelling", "doc", "'{\"a\": 1.0}'", "'{\"a\": 1.00}'"),
    ("trap_16_time_zone_spelling", "at", "'2020-06-01 12:00+00'", "'2020-06-01 14:00+02'"),
    ("trap_16_uuid_spelling", "uid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "'{a0eebc999c0b4ef8bb6d6bb9bd380a11}'"),
    ("trap_16_nulls_everywhere", "note", "null", "null"),
    ("trap_16_within_at_the_limit", "price", "1.00", "1.01"),
    ("trap_16_within_times_at_the_limit", "seen", None, "seen + interval '1 us'"),
]


def value_injury(name, column, old, new, found):
    target = WIDE_COLUMNS.get(column, column)
    sql = f"update t.old_t set {column} = {old} where id = 100;\n" if old else ""
    sql += f"update t.new_t set {target} = {new} where id = 100;"
    return Injury(name, "wide", sql, (differs(100, target),) if found else ())


def wide(name, sql, *findings, **more):
    return Injury(name, "wide", sql, findings, **more)


def lost(pair, key, where, name=None):
    """A row lost from new."""
    name = name or f"trap_04_{pair.replace(' ', '_')}_key_lost"
    return Injury(name, pair, f"delete from t.new_t where {where};", (gone(key),))


WIDE_IDS = list(range(-1990, 6001, 10))
MINOR, CURRENCY, STATUS = "minor-is-total-times-100", "currency-present", "status-known"
NULL_MINOR = "update t.new_t set total_minor = null where id = 100;"


def null_policy(policy):
    invariants = [dict(WIDE.spec["invariants"][0], null=policy)] + WIDE.spec["invariants"][1:]
    return {"invariants": invariants}


ROWS = [
    # 2: an answer must come from rows that were read
    Injury("trap_02_both_sides_empty", "few", "truncate t.old_t; truncate t.new_t;"),
    Injury("trap_02_new_side_empty", "few", "truncate t.new_t;", (gone(1),)),
    Injury("trap_02_old_side_empty", "few", "truncate t.old_t;", (extra(1),)),
    wide("trap_02_more_differences_than_a_sample_shows", "update t.new_t set tail = 'other';",
         *[differs(i, "tail") for i in WIDE_IDS]),
    wide("trap_02_all_rows_lost", "truncate t.new_t;", *[gone(i) for i in WIDE_IDS]),

    # 4: rows below, above and between, and at every boundary
    lost("wide", -1990, "id = -1990", "trap_04_lowest_row_lost"),
    lost("wide", 6000, "id = 6000", "trap_04_highest_row_lost"),
    lost("wide", 2000, "id = 2000", "trap_04_middle_row_lost"),
    lost("wide", 0, "id = 0", "trap_04_row_zero_lost"),
    lost("few", 1, "k1 = 1", "trap_04_only_row_lost"),
    wide("trap_04_rows_below_and_above", """
create temp table copies as select * from t.new_t where id = 100;
update copies set id = -99999; insert into t.new_t select * from copies;
update copies set id = 99999; insert into t.new_t select * from copies;""", extra(-99999), extra(99999)),
    wide("trap_04_old_rows_below_and_above", """
create temp table copies as select * from t.old_t where id = 100;
update copies set id = -9223372036854775808; insert into t.old_t select * from copies;
update copies set id = 9223372036854775807; insert into t.old_t select * from copies;""",
         gone(-9223372036854775808), gone(9223372036854775807)),
    wide("trap_04_row_between", """
create temp table copies as select * from t.new_t where id = 100;
update copies set id = 105; insert into t.new_t select * from copies;""", extra(105)),
    wide("trap_04_every_seventh_row_lost", "delete from t.new_t where id / 10 % 7 = 0;",
         *[gone(i) for i in WIDE_IDS if i // 10 % 7 == 0], options=("--chunk-rows", "70")),
    wide("trap_04_block_of_300_lost", "delete from t.new_t where id between 1000 and 3990;",
         *[gone(i) for i in range(1000, 4000, 10)]),
    wide("trap_04_halves_of_each_other", "delete from t.new_t where id < 2000; delete from t.old_t where id >= 2000;",
         *[gone(i) for i in WIDE_IDS if i < 2000], *[extra(i) for i in WIDE_IDS if i >= 2000]),
    Injury("trap_04_one_row_of_each", "few", "update t.new_t set k1 = 2;", (gone(1), extra(2))),
    lost("bigint", -9223372036854775808, "k1 = -9223372036854775808", "trap_04_least_bigint_lost"),
    Injury("trap_04_largest_bigint_extra", "bigint", "insert into t.new_t values (9223372036854775807, 'v');",
           (extra(9223372036854775807),)),
    lost("numeric", "NaN", "k1 = 'NaN'", "trap_04_nan_key_lost"),
    lost("numeric", "-Infinity", "k1 = '-Infinity'", "trap_04_minus_infinity_key_lost"),
    lost("float", "NaN", "k1 = 'NaN'", "trap_04_float_nan_key_lost"),
    Injury("trap_04_float_nan_key_changed", "float", "update t.new_t set v = 'w' where k1 = 'NaN';",
           (differs("NaN", "v"),)),
    lost("date", "infinity", "k1 = 'infinity'"),
    lost("date", "-infinity", "k1 = '-infinity'", "trap_04_minus_infinity_date_lost"),
    lost("bytea", "\\x", "k1 = ''", "trap_04_empty_bytea_lost"),
    lost("bytea", "\\xff00", "k1 = '\\xff00'", "trap_04_highest_bytea_lost"),
    lost("uuid", "c4ca4238-a0b9-2382-0dcc-509a6f75849b", "k1 = md5('1')::uuid"),
    lost("timestamptz", "2020-01-01 00:00:00.0005+00", "k1 = timestamptz '2020-01-01Z' + interval '500 us'"),
    lost("char", "k77", "k1 = 'k77'"),
    lost("composite", ("ap", 0, 5), "k1 = 'ap' and k2 = 0 and k3 = 5"),
    Injury("trap_04_composite_part_changed", "composite", "update t.new_t set k2 = 99 where k3 = 5;",
           (gone(("ap", 0, 5)), extra(("ap", 99, 5)))),
    lost("descending", (19, "b19"), "a = 19 and b = 'b19'"),
    Injury("trap_04_descending_lowest_extra", "descending", "insert into t.new_t values (-1, '', 'v');",
           (extra((-1, "")),)),
    lost("nulls in key", (None, "x"), "a is null and b = 'x'", "trap_04_null_key_lost"),
    lost("nulls in key", (None, None), "a is null and b is null", "trap_04_all_null_key_lost"),
    Injury("trap_04_null_key_pairs_and_differs", "nulls in key",
           "update t.new_t set v = 'w' where a = 7 and b is null;",
           (differs((7, None), "v"),)),
    Injury("trap_04_null_key_extra", "nulls in key", "insert into t.new_t values (1, null, 'v');", (extra((1, None)),)),
    lost("skewed", 3005 * 10**9, "k1 = 3005000000000"),
    lost("partitioned", 100, "id = 100", "trap_04_row_at_partition_bound_lost"),
    Injury("trap_04_key_without_index", "no index", "delete from t.new_t where id = 300;", (gone(300),)),

    # 8: changes that cancel in a sum or an exclusive or
    wide("trap_08_same_change_in_two_rows", "update t.new_t set tail = 'x' where id in (-1990, -1960);",
         differs(-1990, "tail"), differs(-1960, "tail")),
    wide("trap_08_same_change_in_half_the_rows", "update t.new_t set status = 'gone' where id % 20 = 0;",
         *[differs(i, breaks=[STATUS]) for i in WIDE_IDS if i % 20 == 0]),
    wide("trap_08_values_swapped_between_two_rows", """
update t.new_t set handle = case id when 100 then 'user 211' else 'user 210' end where id in (100, 110);""",
         differs(100, "handle"), differs(110, "handle")),
    Injury("trap_08_keys_swapped_between_two_rows", "composite", """
update t.new_t set v = 'v15' where k3 = 4; update t.new_t set v = 'v4' where k3 = 15;""",
           (differs(("us", -1, 4), "v"), differs(("eu", -1, 15), "v"))),
    wide("trap_08_row_lost_and_row_added_alike", "update t.new_t set id = 105 where id = 100;", gone(100), extra(105)),

    # 9: encodings that collide across columns and rows
    wide("trap_09_bytes_move_to_the_next_column", """
update t.old_t set username = 'ab', code = 'c' where id = 100;
update t.new_t set handle = 'a', code = 'bc' where id = 100;""", differs(100, "code", "handle")),
    wide("trap_09_separators_move", """
update t.old_t set username = 'a|b', code = 'c' where id = 100;
update t.new_t set handle = 'a', code = 'b|c' where id = 100;""", differs(100, "code", "handle")),
    wide("trap_09_null_changes_place", """
update t.old_t set username = null, code = 'x' where id = 100;
update t.new_t set handle = 'x', code = null where id = 100;""", differs(100, "code", "handle")),
    wide("trap_09_last_column_and_next_row", """
update t.old_t set tail = 'ab' where id = 100; update t.old_t set username = 'c' where id = 110;
update t.new_t set tail = 'a' where id = 100; update t.new_t set handle = 'bc' where id = 110;""",
         differs(100, "tail"), differs(110, "handle")),

    # 10: keys that differ by 2^32 only
    Injury("trap_10_keys_2_to_32_apart", "bigint", "update t.new_t set k1 = 8589934592 where k1 = 4294967296;",
           (gone(4294967296), extra(8589934592))),

    # 11: equal counts, other rows
    wide("trap_11_equal_counts_other_rows", "update t.new_t set id = id + 1 where id in (100, 3000);",
         gone(100), gone(3000), extra(101), extra(3001)),

    # 12: keys through a double
    Injury("trap_12_key_above_double", "bigint", "insert into t.new_t values (9007199254740993, 'v');",
           (extra(9007199254740993),)),
    Injury("trap_12_key_of_38_digits", "numeric", """
update t.new_t set k1 = k1 + 1 where k1 = 12345678901234567890123456789012345678;""",
           (gone("12345678901234567890123456789012345678"), extra("12345678901234567890123456789012345679"))),
    Injury("trap_12_float_key_next", "float", "update t.new_t set k1 = 0.3 where k1 = 0.30000000000000004;",
           (gone("0.30000000000000004"), extra("0.3"))),
    Injury("trap_12_float_key_minus_zero", "float", "update t.new_t set k1 = '-0' where k1 = 0;"),

    # 13: money
    wide("trap_13_every_cent", """
update t.old_t set total = id * 0.01; update t.new_t set total_minor = id;"""),
    wide("trap_13_cents_through_float", """
update t.old_t set total = 0.29 where id = 100;
update t.new_t set total_minor = trunc(0.29::float8 * 100) where id = 100;""", differs(100, breaks=[MINOR])),
    wide("trap_13_one_cent", "update t.new_t set total_minor = total_minor + 1 where id = 100;",
         differs(100, breaks=[MINOR])),
    wide("trap_13_not_multiplied", "update t.new_t set total_minor = trunc(total_minor / 100) where id = 100;",
         differs(100, breaks=[MINOR])),

    # 14: NULL in a comparison is neither true nor false
    wide("trap_14_null_is_undecided", NULL_MINOR, undecided=1),
    wide("trap_14_null_fails_when_told", NULL_MINOR, differs(100, breaks=[MINOR]), spec=null_policy("fails")),
    wide("trap_14_null_holds_when_told", NULL_MINOR, spec=null_policy("holds")),
    wide("trap_14_old_null_is_undecided", "update t.old_t set total = null where id in (100, 200);", undecided=2),
    wide("trap_14_null_currency", "update t.new_t set currency = null where id = 100;",
         differs(100, breaks=[CURRENCY])),
    wide("trap_14_null_status_is_undecided", "update t.new_t set status = null where id = 100;", undecided=1),
    wide("trap_14_undecided_and_broken", NULL_MINOR + "update t.new_t set currency = null where id = 100;",
         differs(100, breaks=[CURRENCY])),
    wide("trap_14_column_and_invariants", "update t.new_t set currency = null, status = 'x', n = 0 where id = 100;",
         differs(100, "n", breaks=[CURRENCY, STATUS])),
    Injury("trap_14_one_row_broken", "one row", "update t.old_t set total_minor = 0 where id = 77;",
           (differs(77, breaks=["minor"]),)),
    Injury("trap_14_one_row_undecided", "one row", "update t.old_t set total_minor = null where id = 77;", undecided=1),
    Injury("trap_14_one_row_twice", "one row", """
alter table t.old_t drop constraint old_t_pkey; insert into t.old_t select * from t.old_t where id = 77;
update t.old_t set total_minor = 0 where id in (77, 78);""", (twice(77), differs(78, breaks=["minor"])),
           spec={"rows": {"key": ["id"]}}),

    # 16: only in the spelling of keys
    Injury("trap_16_numeric_key_scale", "numeric", "update t.new_t set k1 = 1.5 where k1 = 1.50;"),

    # 17: order differs by side
    lost("text", "a_b1", "k1 = 'a_b1'", "trap_17_text_key_lost"),
    Injury("trap_17_text_key_case", "text", "delete from t.new_t where k1 = 'ab'; delete from t.old_t where k1 = 'AB';"
           "insert into t.new_t values ('AB', 'v ab');", (gone("ab"), extra("AB"))),
    lost("collated", "a_b1", "k1 = 'a_b1'", "trap_17_collations_differ_key_lost"),
    Injury("trap_17_collations_differ_changed", "collated",
           "update t.new_t set v = 'other' where k1 in ('A', 'ä-', '😀');",
           (differs("A", "v"), differs("ä-", "v"), differs("😀", "v"))),
    Injury("trap_17_collations_differ_extra", "collated", "insert into t.new_t values ('a--b', 'v'), ('Ωmega', 'v');",
           (extra("a--b"), extra("Ωmega"))),
    lost("both collated", "Z-", "k1 = 'Z-'", "trap_17_icu_key_lost"),

    # a key that stands twice, or is NULL, on tables that do not forbid it
    Injury("duplicate_in_new", "no index", "insert into t.new_t values (7, 'v7');", (twice(7),)),
    Injury("duplicate_in_old", "no index", "insert into t.old_t values (7, 'other');", (twice(7),)),
    Injury("duplicate_in_both", "no index",
           "insert into t.old_t values (7, 'v7'); insert into t.new_t values (7, 'v7');",
           (twice(7),)),
    Injury("duplicate_three_times", "no index", "insert into t.new_t values (7, 'v7'), (7, 'v7');", (twice(7),)),
    Injury("duplicate_and_lost", "no index", "insert into t.new_t values (7, 'v7'); delete from t.new_t where id = 8;",
           (twice(7), gone(8))),
    Injury("duplicate_only_in_new", "no index", "insert into t.new_t values (999, 'a'), (999, 'a');", (twice(999),)),
    Injury("duplicate_null_key", "no index", "insert into t.new_t values (null, 'a'), (null, 'a');", (twice(None),)),
    Injury("null_key_pairs", "no index",
           "insert into t.old_t values (null, 'a'); insert into t.new_t values (null, 'a');"),
    Injury("null_key_extra", "no index", "insert into t.new_t values (null, 'a');", (extra(None),)),

    # relations, names and types of every kind
    Injury("relation_view", "view", "delete from t.base where id = 500; update t.base set v = null where id = 1;",
           (gone(500), differs(1, "v"))),
    Injury("relation_materialized_view", "materialized view",
           "delete from t.base where id = 250; refresh materialized view t.new_t;", (gone(250),)),
    Injury("relation_foreign_table", "foreign table", "update t.base set at = at + interval '1 us' where id = 77;",
           (differs(77, "at"),)),
    Injury("relation_generated_columns_and_domains", "generated", "update t.new_t set total = 1 where id = 77;",
           (differs(77, "minor", "total", breaks=["copies"]),)),
    Injury("relation_hostile_names", "hostile names", """
update "We""ird; --"."select" set "%n" = 'x', "$1" = '', "it's" = '', "käse 🧀" = null where "Id" = 77;""",
           (differs((77, -77), "%n", "$1", "it's", "käse 🧀"),)),
    Injury("relation_dropped_columns", "dropped columns", "update t.new_t set v = 'x', w = 0 where id = 77;",
           (differs(77, "v", "w"),)),
    Injury("relation_point", "point", "update t.new_t set place = point(0, 0) where id = 77;", (differs(77, "place"),)),
    Injury("relation_geometry", "geometry",
           "update t.new_t set place = public.st_setsrid(public.st_makepoint(1, 1), 4326) where id = 77;",
           (differs(77, "wkb"),)),
    *[Injury(f"relation_odd_type_{column}", "odd types", f"update t.new_t set {column} = {value} where id = 77;",
             (differs(77, column),))
      for column, value in (("ip", "'10.0.0.77/24'"), ("net", "'10.0.0.0/9'"), ("mac", "'08:00:2b:01:02:04'"),
                            ("bits", "b'00000000'"), ("more_bits", "b'010011010'"), ("span", "'[77,80)'"),
                            ("words", "''"), ("letter", "'y'"), ("name", "'m'"), ("number", "4294967295"),
                            ("price", "price + 0.01::money"), ("matrix", "array[[77, 2, 3, 4]]"),
                            ("off_time", "'11:00+01'"))],
]

# 18: buffers that are used again too early show at their edges
EDGES = [
    Injury(f"trap_18_rows_{count}", "few", f"""
insert into t.old_t select g, 'v' || g from generate_series(2, {count}) g;
insert into t.new_t select * from t.old_t where k1 > 1;
update t.new_t set v = v || '!' where k1 = {count};
delete from t.new_t where k1 = {count - 1};""", (gone(count - 1), differs(count, "v")),
           options=("--chunk-rows", "100000"))
    for count in (1023, 1024, 1025, 2047, 2048, 2049, 10241)
]

INJURIES = ([Injury(f"intact_{name.replace(' ', '_')}", name, "") for name in PAIRS]
            + [value_injury(*value, True) for value in VALUES]
            + [value_injury(*value, False) for value in SAME] + ROWS + EDGES)
