#include "cmd/options.h"

#include "base/calendar.h"
#include "cmd/man.h"
#include "report/shown.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef enum OptionType { OPTION_FLAG, OPTION_TEXT, OPTION_COUNT, OPTION_TIME, OPTION_CHOICE } OptionType;

typedef struct Option {
    const char *name;
    const char *argument; /* "N", "FILE"; a choice's words, separated by | */
    OptionType type;
    size_t field;
    unsigned takers;
    const char *sentence;
} Option;

#define FIELD(name) offsetof(Options, name)

static const Option option_table[] = {
    {"mode", "auto|join|digest|stream", OPTION_CHOICE, FIELD(mode), FOR_CHECK | FOR_PLAN | FOR_REPAIR,
     "how rows are compared; default auto, and `plan` says what that chose"},
    {"workers", "N", OPTION_COUNT, FIELD(workers), FOR_CHECK | FOR_PLAN | FOR_REPAIR,
     "connections a side; default: the cores here, at most 8; one behind a transaction pooler"},
    {"chunk-rows", "N", OPTION_COUNT, FIELD(chunk_rows), FOR_CHECK | FOR_PLAN | FOR_REPAIR,
     "rows a range aims at; default: a quarter of a second of work"},
    {"max-rows-per-second", "N", OPTION_COUNT, FIELD(max_rows_per_second), FOR_CHECK | FOR_PLAN | FOR_REPAIR,
     "rows read at most, of both sides together; default: no limit"},
    {"sample", "N", OPTION_COUNT, FIELD(sample), FOR_CHECK | FOR_REPAIR,
     "findings shown and kept in reports; default 20"},
    {"settle", "TIME", OPTION_TIME, FIELD(settle_us), FOR_CHECK | FOR_PLAN | FOR_REPAIR,
     "how long differences between two databases are looked at again; default \"10 s\""},
#define OUTPUT(name, takers, prefix, suffix, report, sentence)                                                         \
    {#name, "FILE", OPTION_TEXT, FIELD(name), takers, sentence},
#include "cmd/outputs.def"
#undef OUTPUT
    {"ledger", "URL", OPTION_TEXT, FIELD(ledger), FOR_CHECK | FOR_HISTORY | FOR_GATE,
     "where runs are kept, sqlite:PATH or postgresql://...; default sqlite:$XDG_STATE_HOME/twofold/ledger.db"},
    {"resume", NULL, OPTION_FLAG, FIELD(resume), FOR_CHECK,
     "go on where the last run of the check stood, if it was stopped; spec and schemas must be the same"},
    {"write", NULL, OPTION_FLAG, FIELD(write), FOR_REPAIR | FOR_UNDO, "make the writes; without it they are shown"},
    {"journal", "FILE", OPTION_TEXT, FIELD(journal), FOR_REPAIR | FOR_UNDO,
     "where the journal of these writes goes, a new file; default: one in $XDG_STATE_HOME/twofold/journals"},
    {"spec", "FILE", OPTION_TEXT, FIELD(spec), FOR_UNDO, "the spec of the repair, where it is not where it was"},
    {"invariants", "DIR", OPTION_TEXT, FIELD(invariants), FOR_SPEC | FOR_UNDO | FOR_PROVE,
     "where `use:` looks before the installed library"},
    {"progress", "auto|always|never", OPTION_CHOICE, FIELD(progress), FOR_CHECK | FOR_REPAIR,
     "the progress line on standard error; default auto: on a terminal"},
    {"color", "auto|always|never", OPTION_CHOICE, FIELD(color), FOR_CHECK | FOR_GATE,
     "colour; default auto: on a terminal, and not where NO_COLOR is set or TERM is dumb"},
    {"limit", "N", OPTION_COUNT, FIELD(limit), FOR_HISTORY, "runs shown; default 20"},
    {"trust", "old|new", OPTION_CHOICE, FIELD(trust), FOR_REPAIR,
     "the side that is right; the other is written; default: the spec's repair: {trust: ...}"},
    {"key", "KEY", OPTION_TEXT, FIELD(key), FOR_REPAIR,
     "repair this row only, without a check; a key of several columns is a JSON array: [\"7\", \"a\"]"},
    {"keys", "FILE", OPTION_TEXT, FIELD(keys), FOR_REPAIR,
     "repair these rows only: a key a line, or the lines of `check --findings`; - is standard input"},
    {"help", NULL, OPTION_FLAG, FIELD(help), FOR_ALL, "this text"},
};

enum { OPTION_COUNT_ALL = sizeof option_table / sizeof option_table[0] };

static const char exit_text[] = "Exit status:\n"
                                "  0  consistent     every planned row was read, every invariant held\n"
                                "                    (gate: open; repair and undo: done)\n"
                                "  1  inconsistent   at least one confirmed difference or broken invariant\n"
                                "                    (gate: closed; repair and undo: something was left)\n"
                                "  2  cannot tell    something was not read, not decided or still changing\n"
                                "  3  asked wrongly  bad options, bad spec, unknown column; nothing was read\n";

static const Option *option_find(const Command *command, Str name) {
    for (size_t i = 0; i < OPTION_COUNT_ALL; i++) {
        if ((option_table[i].takers & command->taker) && str_equal(name, str_of(option_table[i].name))) {
            return &option_table[i];
        }
    }
    return NULL;
}

static bool unknown_option(const Command *command, Str name, Err *err) {
    const char *names[OPTION_COUNT_ALL];
    size_t count = 0;
    for (size_t i = 0; i < OPTION_COUNT_ALL; i++) {
        if (option_table[i].takers & command->taker) {
            names[count++] = option_table[i].name;
        }
    }
    const char *nearest = str_nearest(name, names, count);
    err_set(err, TF_ERROR_USAGE, "cannot use option \"--%.*s\": `twofold %s` has no such option", STR_ARG(name),
            command->name);
    if (nearest != NULL) {
        return err_hint(err, "Did you mean --%s?", nearest);
    }
    return err_hint(err, "`twofold %s --help` lists its options.", command->name);
}

static bool choice_allows(const char *choices, const char *value) {
    size_t length = strlen(value);
    for (const char *at = choices; at != NULL; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, value, length) == 0 && (at[length] == '|' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static bool bad_value(const Option *option, const char *value, const char *wanted, Err *err) {
    return err_set(err, TF_ERROR_USAGE, "cannot use \"%s\" for --%s: it takes %s", value, option->name, wanted);
}

static bool option_set(const Option *option, const char *value, Options *options, Err *err) {
    char *field = (char *)options + option->field;
    char *end;
    Interval time;
    switch (option->type) {
    case OPTION_FLAG:
        *(bool *)field = true;
        return true;
    case OPTION_TEXT:
        *(const char **)field = value;
        return value[0] != '\0' || bad_value(option, value, option->argument, err);
    case OPTION_CHOICE:
        *(const char **)field = value;
        return choice_allows(option->argument, value) || bad_value(option, value, option->argument, err);
    case OPTION_COUNT:
        errno = 0;
        *(int64_t *)field = strtoll(value, &end, 10);
        return (errno == 0 && end != value && *end == '\0' && *(int64_t *)field >= 0) ||
               bad_value(option, value, "a whole number of 0 or more", err);
    case OPTION_TIME:
        if (!calendar_parse_interval(str_of(value), &time) || time.months != 0 || time.days != 0 || time.us < 0 ||
            time.us > CALENDAR_DAY_US) {
            return bad_value(option, value, "a time such as \"10 s\", of at most a day", err);
        }
        *(int64_t *)field = time.us;
        return true;
    }
    return false;
}

/* One "--name", "--name=value" or "--name value"; *at moves past what was used. */
static bool option_take(const Command *command, int argc, char **argv, int *at, Options *options, Err *err) {
    const char *word = argv[*at] + 2;
    const char *equals = strchr(word, '=');
    Str name = {word, equals == NULL ? strlen(word) : (size_t)(equals - word)};
    const Option *option = option_find(command, name);
    if (option == NULL) {
        return unknown_option(command, name, err);
    }
    const char *value = equals == NULL ? NULL : equals + 1;
    if (option->type == OPTION_FLAG) {
        return value == NULL ? option_set(option, "", options, err)
                             : err_set(err, TF_ERROR_USAGE, "cannot use --%s: it takes no value", option->name);
    }
    if (value == NULL && *at + 1 >= argc) {
        return err_set(err, TF_ERROR_USAGE, "cannot use --%s without a value: it takes %s", option->name,
                       option->argument);
    }
    return option_set(option, value == NULL ? argv[++*at] : value, options, err);
}

bool options_parse(const Command *command, int argc, char **argv, Arena *arena, Options *out, Err *err) {
    Options options = {.sample = 20, .limit = 20, .settle_us = -1, .progress = "auto", .color = "auto", .mode = "auto"};
    const char **words = ARENA_MANY(arena, (size_t)argc + 1, const char *);
    bool only_words = false;
    for (int at = 0; at < argc; at++) {
        const char *word = argv[at];
        if (only_words || word[0] != '-' || word[1] == '\0' || (word[1] >= '0' && word[1] <= '9')) {
            words[options.word_count++] = word; /* "-" is standard input or output, "-7" a key */
        } else if (strcmp(word, "--") == 0) {
            only_words = true;
        } else if (strcmp(word, "-h") == 0) {
            options.help = true;
        } else if (word[1] != '-') {
            return err_set(err, TF_ERROR_USAGE, "cannot use option \"%s\": options are long, as in --json", word);
        } else if (!option_take(command, argc, argv, &at, &options, err)) {
            return false;
        }
    }
    options.words = words;
    *out = options;
    return true;
}

/* ---- texts made from the table -------------------------------------------------------------------------------- */

static void option_shown(const Option *option, Buf *out) {
    buf_printf(out, "--%s%s%s", option->name, option->argument == NULL ? "" : " ",
               option->argument == NULL ? "" : option->argument);
}

void help_lines(const char *sentences, size_t indent, Buf *out) {
    enum { WIDTH = 80 };
    buf_printf(out, "%*s", (int)indent, "");
    shown_wrapped(str_of(sentences), WIDTH - indent, indent, out);
    buf_char(out, '\n');
}

void options_help(const Command *command, Buf *out) {
    enum { INDENT = 8 };
    buf_printf(out, "Usage: twofold %s %s%s[options]\n\n", command->name, command->arguments,
               command->arguments[0] == '\0' ? "" : " ");
    Buf sentence = {0};
    buf_printf(&sentence, "%s.", command->sentence);
    help_lines(sentence.bytes, 0, out);
    buf_free(&sentence);
    if (command->more != NULL) {
        buf_char(out, '\n');
        help_lines(command->more, 0, out);
    }
    buf_text(out, "\nOptions:\n");
    for (size_t i = 0; i < OPTION_COUNT_ALL; i++) {
        if (option_table[i].takers & command->taker) {
            buf_text(out, "  ");
            option_shown(&option_table[i], out);
            buf_char(out, '\n');
            help_lines(option_table[i].sentence, INDENT, out);
        }
    }
    buf_printf(out, "\n%s", exit_text);
}

void options_man(const Command *command, Buf *out) {
    buf_text(out, ".SH OPTIONS\n");
    for (size_t i = 0; i < OPTION_COUNT_ALL; i++) {
        const Option *option = &option_table[i];
        if (option->takers & command->taker) {
            buf_printf(out, ".TP\n.BI \"\\-\\-");
            man_typed(option->name, out);
            buf_printf(out, " \" \"%s\"\n", option->argument == NULL ? "" : option->argument);
            man_text(option->sentence, out);
            buf_text(out, ".\n");
        }
    }
}

void options_man_exit(Buf *out) {
    buf_text(out, ".SH EXIT STATUS\n.nf\n");
    man_text(strchr(exit_text, '\n') + 1, out);
    buf_text(out, ".fi\n");
}

void options_names(const Command *command, Buf *out) {
    for (size_t i = 0; i < OPTION_COUNT_ALL; i++) {
        if (option_table[i].takers & command->taker) {
            buf_printf(out, "--%s\n", option_table[i].name);
        }
    }
}
