/* YAML files as trees with places.
 *
 * In: a path, or bytes. Out: a YamlFile: its bytes, its root, and for every node where it stands.
 * Promises: aliases are resolved (the tree may share nodes), every mapping's keys are texts and differ, texts are
 * valid UTF-8 without NUL.
 * Refuses, with the place underlined: more than 1 MiB, NUL bytes, invalid UTF-8, a second document, tags, nesting
 * deeper than YAML_MAX_DEPTH, a mapping of more than YAML_MAX_KEYS keys, aliases that stand for more than
 * YAML_MAX_NODES nodes together.
 */
#ifndef SPEC_YAML_H
#define SPEC_YAML_H

#include "base/err.h"
#include "base/text.h"
#include "spec/spec.h"

enum {
    YAML_MAX_BYTES = 1 << 20,
    YAML_MAX_DEPTH = 32,
    YAML_MAX_NODES = 100000,
    YAML_MAX_KEYS = 4096, /* of one mapping */
    YAML_MAX_ANCHORS = 256
};

typedef enum YamlKind { YAML_NULL, YAML_TEXT, YAML_LIST, YAML_MAPPING } YamlKind;

typedef struct YamlNode YamlNode;
struct YamlNode {
    YamlKind kind;
    Str text;      /* of TEXT, and of NULL as it is spelled; closed by a NUL */
    size_t offset; /* of the first byte of the content (after the quote) in the file */
    size_t length; /* bytes to underline */
    bool verbatim; /* the content stands in the file byte for byte, so that places inside it can be found */
    size_t count;
    const YamlNode **keys;   /* of MAPPING */
    const YamlNode **values; /* of MAPPING; the items of LIST */
    size_t nodes;            /* below and including this one, aliases counted in full */
};

typedef struct YamlFile {
    const char *path;     /* as shown to people */
    Str text;             /* closed by a NUL */
    const YamlNode *root; /* NULL: an empty file */
} YamlFile;

/* `path` "-" is standard input. */
MUST_CHECK bool yaml_read(Arena *arena, const char *path, YamlFile *out, Err *err);
MUST_CHECK bool yaml_parse(Arena *arena, const char *path, Str text, YamlFile *out, Err *err);

/* The value of a key, or NULL. */
const YamlNode *yaml_get(const YamlNode *mapping, const char *key);
SpecPlace yaml_place(const YamlFile *file, const YamlNode *node);
/* The place of bytes of a text that begins at byte `from` of a file, in its words: where one has blanks the other may
 * have line ends and indentation. false: the text does not stand there. */
MUST_CHECK bool yaml_place_of(Str file, size_t from, Str text, size_t offset, size_t length, SpecPlace *out);
/* The place of bytes inside a node's text; the whole node where it does not stand in the file in its words. */
SpecPlace yaml_place_inside(const YamlFile *file, const YamlNode *node, size_t offset, size_t length);

/* Gives an error its place: "path:3:5: sentence", the line, and a line of "^~~~" under it. Passwords of URLs and
 * conninfo strings in the line are starred. Always false. */
bool yaml_error_at(const char *path, Str text, SpecPlace place, Err *err);

#endif
