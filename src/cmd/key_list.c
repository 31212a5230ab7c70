#include "cmd/key_list.h"

#include "base/json.h"
#include "check/row.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Value *room_for_one(KeyList *list, Arena *arena, size_t key_count) {
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 64 : list->room * 2;
        Value *values = ARENA_MANY(arena, room * key_count, Value);
        if (list->count > 0) {
            memcpy(values, list->values, list->count * key_count * sizeof *values);
        }
        list->values = values;
        list->room = room;
    }
    return list->values + list->count * key_count;
}

static bool not_a_key(const Match *match, Err *err) {
    Buf names = {0};
    for (size_t i = 0; i < match->key_count; i++) {
        buf_printf(&names, "%s%s", i == 0 ? "" : ", ", match->key_names[i]);
    }
    err_set(err, TF_ERROR_USAGE, "cannot read a key: it takes %s%.*s", match->key_count == 1 ? "" : "one each of ",
            STR_ARG(buf_view(&names)));
    buf_free(&names);
    return err_hint(err, "Write a key of one column as it is, others as a JSON array of their parts: [\"7\", \"a\"].");
}

/* The parts of a JSON array; NULL where one is null. */
static bool parts_of_json(Arena *arena, const Match *match, Str text, const char **out, Err *err) {
    Str array = text, raw;
    if (text.bytes[0] == '{' && !json_member(text, STR_LITERAL("key"), &array)) {
        return not_a_key(match, err);
    }
    for (size_t i = 0; i < match->key_count; i++) {
        Buf part = {0};
        if (!json_element(array, (int64_t)i, &raw)) {
            return not_a_key(match, err);
        }
        bool null = str_equal(str_trim(raw), STR_LITERAL("null"));
        bool good = null || json_unquote(raw, &part);
        out[i] = null ? NULL : arena_copy(arena, part.length == 0 ? "" : part.bytes, part.length);
        buf_free(&part);
        if (!good) {
            return not_a_key(match, err);
        }
    }
    return !json_element(array, (int64_t)match->key_count, &raw) || not_a_key(match, err);
}

bool key_list_add(KeyList *list, Arena *arena, const Match *match, Str text, Err *err) {
    const char *parts[KEY_MAX_COLUMNS];
    bool json = text.length > 0 && (text.bytes[0] == '[' || text.bytes[0] == '{');
    if (!json && match->key_count != 1) {
        return not_a_key(match, err);
    }
    parts[0] = arena_copy(arena, text.bytes, text.length);
    if ((json && !parts_of_json(arena, match, text, parts, err)) ||
        !row_key_parse(match, arena, parts, room_for_one(list, arena, match->key_count), err)) {
        return false;
    }
    list->count++;
    return true;
}

static bool lines_read(KeyList *list, Arena *arena, const Match *match, FILE *file, Err *err) {
    char *line = NULL;
    size_t room = 0, number = 0;
    bool good = true;
    for (ssize_t length; good && (length = getline(&line, &room, file)) >= 0;) {
        Str text = {line, (size_t)length};
        number++;
        while (text.length > 0 && (text.bytes[text.length - 1] == '\n' || text.bytes[text.length - 1] == '\r')) {
            text.length--;
        }
        good = text.length == 0 || key_list_add(list, arena, match, text, err) || err_prefix(err, "line %zu", number);
    }
    free(line);
    return good;
}

bool key_list_read(KeyList *list, Arena *arena, const Match *match, const char *path, Err *err) {
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "r");
    if (file == NULL) {
        return err_set(err, TF_ERROR_IO, "could not open \"%s\": %s", path, strerror(errno));
    }
    bool good = lines_read(list, arena, match, file, err);
    if (good && ferror(file)) {
        good = err_set(err, TF_ERROR_IO, "could not read \"%s\": %s", path, strerror(errno));
    }
    if (!standard) {
        fclose(file);
    }
    return good;
}
