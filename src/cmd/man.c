/* The man pages (man.h).
 *
 * In: the tables. Out: roff for man(7). The list under SEE ALSO of twofold(1) names every other page; the build reads
 * there which ones to install (cmake/man.cmake).
 */
#include "cmd/man.h"

#include "cmd/commands.h"
#include "expr/ops.h"
#include "spec/spec_keys.h"

#include <ctype.h>
#include <string.h>

#ifndef TWOFOLD_VERSION
#define TWOFOLD_VERSION "0.0.0"
#endif

static void roff(const char *text, const char *hyphen, Buf *out) {
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\\') {
            buf_text(out, "\\e");
        } else if (*at == '-') {
            buf_text(out, hyphen);
        } else if ((*at == '.' || *at == '\'') && (at == text || at[-1] == '\n')) {
            buf_printf(out, "\\&%c", *at);
        } else {
            buf_char(out, *at);
        }
    }
}

void man_text(const char *text, Buf *out) {
    roff(text, "-", out);
}

void man_typed(const char *text, Buf *out) {
    roff(text, "\\-", out);
}

/* ---- what every page has ---------------------------------------------------------------------------------------- */

/* `name` is "" for the program itself. */
static void page_begin(const char *name, const char *section, const char *sentence, Buf *out) {
    const char *dash = name[0] == '\0' ? "" : "-";
    buf_printf(out, ".TH TWOFOLD%s", dash);
    for (const char *at = name; *at != '\0'; at++) {
        buf_char(out, (char)toupper((unsigned char)*at));
    }
    buf_printf(out, " %s \"\" \"twofold " TWOFOLD_VERSION "\" \"Verifying dual writes\"\n", section);
    buf_printf(out, ".SH NAME\ntwofold%s%s \\- %c", dash, name, tolower((unsigned char)sentence[0]));
    man_text(sentence + 1, out);
    buf_char(out, '\n');
}

static void page_reference(const char *name, const char *section, bool last, Buf *out) {
    buf_printf(out, ".BR twofold%s%s (%s)%s\n", name[0] == '\0' ? "" : "-", name, section, last ? "" : ",");
}

static void typed_line(const char *text, Buf *out) {
    man_typed(text, out);
    buf_char(out, '\n');
}

/* ---- twofold(1) -------------------------------------------------------------------------------------------- */

static void program_commands(Commands all, Buf *out) {
    buf_text(out, ".SH COMMANDS\n");
    for (size_t i = 0; i < all.count; i++) {
        buf_printf(out, ".TP\n.B twofold %s\n", all.commands[i].name);
        man_text(all.commands[i].sentence, out);
        buf_text(out, ".\n");
    }
}

static const char program_rest[] =
    ".SH ENVIRONMENT\nPassword files, service files and the PG* variables are libpq's own.\n"
    ".TP\n.B NO_COLOR\nTurns colour off.\n"
    ".TP\n.B TWOFOLD_INVARIANTS\nThe folder of the installed library of invariants.\n"
    ".TP\n.B TWOFOLD_MASK_KEY\nThe key of masked values, in place of the one in the state folder.\n"
    ".SH FILES\n.TP\n.I $XDG_STATE_HOME/twofold/ledger.db\nEvery run of every check, unless \\-\\-ledger names "
    "another place. The folder is ~/.local/state/twofold where XDG_STATE_HOME is not set.\n"
    ".TP\n.I $XDG_STATE_HOME/twofold/mask.key\nThe key of masked values, made at first use.\n";

static void program_page(Buf *out) {
    Commands all = commands_all();
    page_begin("", "1", "the verifier for dual writes", out);
    buf_text(out, ".SH SYNOPSIS\n.B twofold\nCOMMAND [options]\n.SH DESCRIPTION\nReads the old and the new "
                  "representation of the same data, evaluates declared invariants, and gives one of three verdicts: "
                  "consistent, inconsistent, cannot tell.\n");
    program_commands(all, out);
    options_man_exit(out);
    buf_text(out, program_rest);
    buf_text(out, ".SH SEE ALSO\n");
    for (size_t i = 0; i < all.count; i++) {
        page_reference(all.commands[i].name, "1", false, out);
    }
    page_reference("spec", "5", true, out);
}

/* ---- a command --------------------------------------------------------------------------------------------- */

static void command_page(const Command *command, Buf *out) {
    page_begin(command->name, "1", command->sentence, out);
    buf_printf(out, ".SH SYNOPSIS\n.B twofold %s\n", command->name);
    typed_line(command->arguments, out);
    buf_text(out, "[options]\n.SH DESCRIPTION\n");
    man_text(command->sentence, out);
    buf_text(out, ".\n");
    if (command->more != NULL) {
        man_text(command->more, out);
        buf_char(out, '\n');
    }
    options_man(command, out);
    options_man_exit(out);
    buf_text(out, ".SH SEE ALSO\n");
    page_reference("", "1", false, out);
    page_reference("spec", "5", true, out);
}

/* ---- twofold-spec(5) ------------------------------------------------------------------------------------------ */

static void spec_mappings(Buf *out) {
    for (SpecMappingName name = 0; name < SPEC_MAPPINGS; name++) {
        const SpecMapping *mapping = spec_mapping(name);
        buf_printf(out, ".SS Keys of %s\n", mapping->where);
        for (size_t i = 0; i < mapping->count; i++) {
            const SpecKey *key = &mapping->keys[i];
            buf_text(out, ".TP\n.B ");
            man_typed(key->name, out);
            buf_printf(out, ": %s%s\n", spec_type_word(key->type), key->required ? " (must be there)" : "");
            man_text(key->says, out);
            buf_char(out, '\n');
        }
    }
}

static void spec_functions(Buf *out) {
    size_t count;
    const OpDoc *docs = expr_ops(&count);
    for (size_t i = 0; i < count; i++) {
        if (docs[i].sentence[0] == '\0') {
            continue;
        }
        bool call = docs[i].form == OP_CALL;
        buf_text(out, ".TP\n.B ");
        man_typed(docs[i].name, out);
        buf_printf(out, "%s%s%s \\-> %s\n", call ? "(" : "  ", docs[i].arguments, call ? ")" : "", docs[i].result);
        man_text(docs[i].sentence, out);
        buf_text(out, "\n.br\n");
        man_typed(docs[i].example, out);
        buf_text(out, "  gives  ");
        typed_line(docs[i].answer, out);
    }
}

static void spec_page(Buf *out) {
    page_begin("spec", "5", "what must agree: the file that twofold reads", out);
    buf_text(out, ".SH DESCRIPTION\nA YAML file (so JSON, too). ${NAME} in a source takes an environment variable. "
                  "Unknown keys are errors.\n.SH KEYS\n");
    spec_mappings(out);
    buf_text(out, ".SH INVARIANTS\nAn invariant is an expression over old. and new. columns; with rows: the names "
                  "have no prefix. It holds only where it is true. Numbers are exact; an unknown (NULL) leaves the row "
                  "undecided.\n.SS Operators and functions\n");
    spec_functions(out);
    buf_text(out, ".SH SEE ALSO\n");
    page_reference("", "1", false, out);
    page_reference("check", "1", true, out);
}

bool man_page(const char *name, Buf *out) {
    if (name == NULL) {
        program_page(out);
        return true;
    }
    if (strcmp(name, "spec") == 0) {
        spec_page(out);
        return true;
    }
    Commands all = commands_all();
    for (size_t i = 0; i < all.count; i++) {
        if (strcmp(all.commands[i].name, name) == 0) {
            command_page(&all.commands[i], out);
            return true;
        }
    }
    return false;
}
