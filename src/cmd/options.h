/* What a user can say on the command line. One table (options.c) feeds parsing, --help, the man page and completion.
 *
 * To add an option: a field here, a row there; for a file that a check writes: a row in outputs.def.
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include "base/err.h"
#include "base/text.h"

#include <stdint.h>

/* The exit status of every command; printed in every --help. */
typedef enum Exit { EXIT_HOLDS = 0, EXIT_DIFFERS = 1, EXIT_UNKNOWN = 2, EXIT_USAGE = 3 } Exit;

/* Which commands take an option. */
typedef enum Takers {
    FOR_CHECK = 1 << 0,
    FOR_PLAN = 1 << 1,
    FOR_LOOK = 1 << 2,
    FOR_HISTORY = 1 << 3,
    FOR_INIT = 1 << 4,
    FOR_PROVE = 1 << 5,
    FOR_HELP = 1 << 6,
    FOR_GATE = 1 << 7,
    FOR_REPAIR = 1 << 8,
    FOR_UNDO = 1 << 9,
    FOR_SHOW = 1 << 10,
    FOR_SPEC = FOR_CHECK | FOR_PLAN | FOR_LOOK | FOR_HISTORY | FOR_GATE | FOR_REPAIR,
    FOR_ALL = 0xffff
} Takers;

typedef struct Options {
    bool help;
    const char *mode;
    int64_t workers;
    int64_t chunk_rows;
    int64_t sample;
    int64_t max_rows_per_second;
    int64_t settle_us; /* -1: the spec's */
    int64_t limit;
    bool resume;
    bool write;
    const char *journal;
    const char *spec;
    const char *trust; /* "old", "new"; NULL: the spec's */
    const char *key;
    const char *keys;
#define OUTPUT(name, takers, prefix, suffix, report, sentence) const char *name;
#include "cmd/outputs.def"
#undef OUTPUT
    const char *ledger;
    const char *invariants;
    const char *progress;
    const char *color;
    const char *const *words; /* what is not an option */
    size_t word_count;
} Options;

typedef struct Command {
    const char *name;
    const char *arguments; /* "SPEC KEY..." */
    const char *sentence;
    const char *more; /* further sentences of help, or NULL */
    Takers taker;
    Exit (*run)(const Options *options);
} Command;

/* argv without the program and command names. words point into argv. */
MUST_CHECK bool options_parse(const Command *command, int argc, char **argv, Arena *arena, Options *out, Err *err);

/* Sentences in lines of at most 80 columns, each with so many spaces before it. */
void help_lines(const char *sentences, size_t indent, Buf *out);
/* The help of one command, and the parts of it that other texts use. */
void options_help(const Command *command, Buf *out);
/* The sections OPTIONS and EXIT STATUS of a man page. */
void options_man(const Command *command, Buf *out);
void options_man_exit(Buf *out);
/* Every option the command takes, "--mode" one a line. */
void options_names(const Command *command, Buf *out);

#endif
