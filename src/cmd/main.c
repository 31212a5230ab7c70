/* twofold: which command, with which options. */
#include "cmd/arguments.h"
#include "cmd/commands.h"
#include "cmd/say.h"

#include "base/decimal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#ifndef TWOFOLD_VERSION
#define TWOFOLD_VERSION "0.0.0"
#endif

static const Command command_table[] = {
    {"check", "SPEC...", "Reads both sides, evaluates the invariants and prints the verdict",
     "SPEC is a YAML file, or - for standard input. With several, the exit status is 1 if any is "
     "inconsistent, else 2 if any cannot be told.",
     FOR_CHECK, cmd_check},
    {"plan", "SPEC", "Shows what `check` would do, and reads no rows", NULL, FOR_PLAN, cmd_plan},
    {"look", "SPEC KEY...", "Reads these rows now and shows old and new side by side",
     "A key of several columns is written as its parts, in key order.", FOR_LOOK, cmd_look},
    {"gate", "SPEC",
     "Says whether the contract phase may begin: from the ledger and the live tables, by the spec's policy",
     "Open is 0, closed is 1; 2 where something that matters could not be looked at.", FOR_GATE, cmd_gate},
    {"repair", "SPEC", "Shows the writes that would make the side agree that is not trusted; --write makes them",
     "The check itself says which rows disagree, unless --key or --keys does. Rows are written one at a time, "
     "from what both sides hold at that moment, and kept in a journal that `twofold undo` takes back. "
     "Done is 0; 1 where rows are known that still disagree; 2 where some may.",
     FOR_REPAIR, cmd_repair},
    {"undo", "JOURNAL", "Shows the writes that would take a repair back; --write makes them",
     "A row is taken back only where it still is what the repair left there. Where to connect stands in the "
     "repair's spec, which must not have changed. 0 where all is undone, or was already; 1 where rows were left "
     "alone; 2 where something failed.",
     FOR_UNDO, cmd_undo},
    {"show", "JOURNAL", "Prints a repair's journal as MongoDB's extended JSON, one entry a line",
     "It holds real values, also of columns that the spec masks.", FOR_SHOW, cmd_show},
    {"history", "SPEC", "Shows the ledger's runs of this check, newest first", NULL, FOR_HISTORY, cmd_history},
    {"init", "OLD_URL OLD_TABLE NEW_URL NEW_TABLE", "Writes a first spec from two schemas to standard output", NULL,
     FOR_INIT, cmd_init},
    {"prove", "[FILE...]", "Runs the examples inside invariant files", "Without FILE: the installed library.",
     FOR_PROVE, cmd_prove},
    {"help", "[COMMAND|functions|spec]", "Explains a command, the functions of invariants, or the keys of a spec",
     "`help man [COMMAND|spec]` prints a man page, `help completion bash|zsh|fish` completions.", FOR_HELP, cmd_help},
};

Commands commands_all(void) {
    return (Commands){command_table, sizeof command_table / sizeof command_table[0]};
}

static const Command *command_find(const char *name) {
    Commands all = commands_all();
    for (size_t i = 0; i < all.count; i++) {
        if (strcmp(all.commands[i].name, name) == 0) {
            return &all.commands[i];
        }
    }
    return NULL;
}

static Exit unknown_command(const char *name) {
    Commands all = commands_all();
    const char *names[sizeof command_table / sizeof command_table[0]];
    for (size_t i = 0; i < all.count; i++) {
        names[i] = all.commands[i].name;
    }
    Err err;
    err_set(&err, TF_ERROR_USAGE, "cannot run \"%s\": there is no such command", name);
    const char *nearest = str_nearest(str_of(name), names, all.count);
    if (nearest != NULL) {
        err_hint(&err, "Did you mean `twofold %s`?", nearest);
    } else {
        err_hint(&err, "`twofold --help` lists the commands.");
    }
    return say_failure(&err);
}

static Exit show_help(const Command *command) {
    Buf text = {0};
    options_help(command, &text);
    return finish(&text, EXIT_HOLDS);
}

/* How many words "SPEC" or "OLD_URL OLD_TABLE ..." stands for; SIZE_MAX where some may be left out or repeated. */
static size_t words_taken(const char *arguments) {
    size_t count = 1;
    for (const char *at = arguments; *at != '\0'; at++) {
        if (*at == '.' || *at == '[') {
            return SIZE_MAX;
        }
        count += *at == ' ';
    }
    return count;
}

/* A word too many may be an option that lost its dashes: nothing is run without it. */
static bool words_fit(const Command *command, const Options *options, Err *err) {
    size_t most = words_taken(command->arguments);
    if (options->word_count <= most) {
        return true;
    }
    return err_set(err, TF_ERROR_USAGE, "cannot use \"%s\": `twofold %s` takes %s", options->words[most], command->name,
                   command->arguments);
}

static Exit command_run(const Command *command, int argc, char **argv) {
    Arena arena = {0};
    Options options;
    Err err;
    Exit status;
    if (!options_parse(command, argc, argv, &arena, &options, &err)) {
        status = say_failure(&err);
    } else if (options.help) {
        status = show_help(command);
    } else {
        status = words_fit(command, &options, &err) ? command->run(&options) : say_failure(&err);
    }
    arena_free(&arena);
    return status;
}

static Exit show_version(void) {
    Buf text = {0};
    buf_printf(&text, "twofold %s\n", TWOFOLD_VERSION);
    return finish(&text, EXIT_HOLDS);
}

static Exit run(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    decimal_adopt_gmp();
    if (strcmp(name, "--version") == 0) {
        return show_version();
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        return command_run(command_find("help"), 0, argv);
    }
    const Command *command = command_find(name);
    if (command == NULL && name[0] == '\0') {
        Err err;
        err_set(&err, TF_ERROR_USAGE, "cannot run without a command");
        err_hint(&err, "`twofold --help` lists the commands.");
        return say_failure(&err);
    }
    return command == NULL ? unknown_command(name) : command_run(command, argc - 2, argv + 2);
}

/* Rows of a megabyte come and go. glibc, once it has seen one go, keeps the next in the heap of the thread, in pieces
 * that fit nothing else: a quarter of all memory. With a fixed threshold they go back to the system. */
static void keep_no_large_memory(void) {
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, 256 << 10);
#endif
}

/* Where one of them was closed, the next file or connection would take its place, and be written to or read as it.
 * Opened the wrong way round, it gives an error to whoever uses it. */
static void standard_files_open(void) {
    static const int MODES[] = {[STDIN_FILENO] = O_WRONLY, [STDOUT_FILENO] = O_RDONLY, [STDERR_FILENO] = O_RDONLY};
    for (int file = STDIN_FILENO; file <= STDERR_FILENO; file++) {
        if (fcntl(file, F_GETFD) < 0 && errno == EBADF) {
            (void)!open("/dev/null", MODES[file]); /* the lowest that is free */
        }
    }
}

int main(int argc, char **argv) {
    Arena arena = {0};
    standard_files_open();
    keep_no_large_memory();
    Exit status = run(argc, arguments_take(&arena, argc, argv));
    arena_free(&arena);
    return (int)status;
}
