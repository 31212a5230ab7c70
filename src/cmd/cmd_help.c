/* `twofold help`: texts made from the tables of commands, options and operators. */
#include "cmd/commands.h"
#include "cmd/man.h"
#include "cmd/say.h"

#include "expr/ops.h"
#include "spec/spec_keys.h"

#include <string.h>

static void help_overview(Buf *out) {
    buf_text(out, "twofold: do the old and the new representation of the same data agree?\n\n"
                  "Usage: twofold COMMAND [options]\n\n");
    Commands all = commands_all();
    for (size_t i = 0; i < all.count; i++) {
        buf_printf(out, "  twofold %s %s\n", all.commands[i].name, all.commands[i].arguments);
        help_lines(all.commands[i].sentence, 8, out);
    }
    buf_text(out, "\n`twofold COMMAND --help` lists its options, `twofold --version` the version.\n"
                  "Exit status: 0 consistent, 1 inconsistent, 2 cannot tell, 3 asked wrongly.\n");
}

static void help_functions(Buf *out) {
    size_t count;
    const OpDoc *docs = expr_ops(&count);
    for (size_t i = 0; i < count; i++) {
        if (docs[i].sentence[0] == '\0') {
            continue;
        }
        bool call = docs[i].form == OP_CALL;
        buf_printf(out, "%s%s%s%s -> %s\n", docs[i].name, call ? "(" : "  ", docs[i].arguments, call ? ")" : "",
                   docs[i].result);
        help_lines(docs[i].sentence, 4, out);
        buf_printf(out, "    %s  gives  %s\n", docs[i].example, docs[i].answer);
    }
}

/* Every mapping a spec or an invariant file may hold, a key a line. */
static void help_spec(Buf *out) {
    for (SpecMappingName name = 0; name < SPEC_MAPPINGS; name++) {
        const SpecMapping *mapping = spec_mapping(name);
        buf_printf(out, "%sKeys of %s:\n", name == 0 ? "" : "\n", mapping->where);
        for (size_t i = 0; i < mapping->count; i++) {
            const SpecKey *key = &mapping->keys[i];
            buf_printf(out, "  %s: %s%s\n", key->name, spec_type_word(key->type),
                       key->required ? " (must be there)" : "");
            help_lines(key->says, 8, out);
        }
    }
}

/* ---- completion -------------------------------------------------------------------------------------------- */

static void command_names(Buf *out) {
    Commands all = commands_all();
    for (size_t i = 0; i < all.count; i++) {
        buf_printf(out, "%s%s", i == 0 ? "" : " ", all.commands[i].name);
    }
}

/* One option a line -> one line. */
static void option_words(const Command *command, Buf *out) {
    Buf lines = {0};
    options_names(command, &lines);
    for (size_t i = 0; i < lines.length; i++) {
        buf_char(out, lines.bytes[i] == '\n' ? ' ' : lines.bytes[i]);
    }
    buf_free(&lines);
}

static void completion_bash(Buf *out) {
    buf_text(out, "_twofold() {\n    local word=${COMP_WORDS[COMP_CWORD]}\n"
                  "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W '");
    command_names(out);
    buf_text(out, "' -- \"$word\"))\n        return\n    fi\n    case $word in --*) ;; *) COMPREPLY=($(compgen -f -- "
                  "\"$word\")); return ;; esac\n    case ${COMP_WORDS[1]} in\n");
    Commands all = commands_all();
    for (size_t i = 0; i < all.count; i++) {
        buf_printf(out, "    %s) COMPREPLY=($(compgen -W '", all.commands[i].name);
        option_words(&all.commands[i], out);
        buf_text(out, "' -- \"$word\")) ;;\n");
    }
    buf_text(out, "    esac\n}\ncomplete -F _twofold twofold\n");
}

static void completion_zsh(Buf *out) {
    buf_text(out, "#compdef twofold\nautoload -U +X bashcompinit && bashcompinit\n");
    completion_bash(out);
}

static void completion_fish(Buf *out) {
    Commands all = commands_all();
    for (size_t i = 0; i < all.count; i++) {
        buf_printf(out, "complete -c twofold -n __fish_use_subcommand -a %s -d '%s'\n", all.commands[i].name,
                   all.commands[i].sentence);
        Buf lines = {0};
        options_names(&all.commands[i], &lines);
        for (char *line = strtok(lines.bytes, "\n"); line != NULL; line = strtok(NULL, "\n")) {
            buf_printf(out, "complete -c twofold -n '__fish_seen_subcommand_from %s' -l %s\n", all.commands[i].name,
                       line + 2);
        }
        buf_free(&lines);
    }
}

typedef struct Topic {
    const char *name;
    void (*write)(Buf *out);
} Topic;

static const Topic topics[] = {{"functions", help_functions}, {"spec", help_spec}};
static const Topic shells[] = {{"bash", completion_bash}, {"zsh", completion_zsh}, {"fish", completion_fish}};

static bool topic_write(const Topic *table, size_t count, const char *name, Buf *out) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].name, name) == 0) {
            table[i].write(out);
            return true;
        }
    }
    return false;
}

static bool command_help(const char *name, Buf *out) {
    Commands all = commands_all();
    for (size_t i = 0; i < all.count; i++) {
        if (strcmp(all.commands[i].name, name) == 0) {
            options_help(&all.commands[i], out);
            return true;
        }
    }
    return false;
}

Exit cmd_help(const Options *options) {
    Buf out = {0};
    const char *what = options->word_count > 0 ? options->words[0] : NULL;
    if (what == NULL) {
        help_overview(&out);
        return finish(&out, EXIT_HOLDS);
    }
    const char *which = options->word_count > 1 ? options->words[1] : NULL;
    bool known;
    if (strcmp(what, "completion") == 0) {
        known = topic_write(shells, sizeof shells / sizeof shells[0], which == NULL ? "bash" : which, &out);
    } else if (strcmp(what, "man") == 0) {
        known = man_page(which, &out);
    } else {
        known = topic_write(topics, sizeof topics / sizeof topics[0], what, &out) || command_help(what, &out);
    }
    if (known) {
        return finish(&out, EXIT_HOLDS);
    }
    Err err;
    err_set(&err, TF_ERROR_USAGE, "cannot help with \"%s%s%s\": there is no such command or topic", what,
            which == NULL ? "" : " ", which == NULL ? "" : which);
    err_hint(&err, "`twofold --help` lists the commands; further topics are functions, spec, man and completion.");
    buf_free(&out);
    return say_failure(&err);
}
