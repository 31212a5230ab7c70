#include "cmd/say.h"

#include "base/secret.h"
#include "report/shown.h"
#include "report/terminal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef TWOFOLD_INVARIANTS_DIR
#define TWOFOLD_INVARIANTS_DIR "/usr/share/twofold/invariants"
#endif

/* What a server says may hold anybody's values; and what a command line says, a URL in a place where none belongs. */
void say_error(const Err *err) {
    Buf text = {0};
    buf_printf(&text, "twofold: %s\n", err->text);
    if (err->hint[0] != '\0') {
        buf_printf(&text, "hint: %s\n", err->hint);
    }
    Buf safe = {0}, shown = {0};
    secrets_hide(buf_view(&text), &safe);
    shown_lines(buf_view(&safe), &shown);
    fputs(shown.bytes, stderr);
    buf_free(&shown);
    buf_free(&safe);
    buf_free(&text);
}

void say_note(const char *sentence) {
    fprintf(stderr, "twofold: %s\n", sentence);
}

void say_torn(int64_t bytes) {
    fprintf(stderr, "twofold: the journal's last %lld bytes are no whole entry, as after a crash: they are left out\n",
            (long long)bytes);
}

Exit say_failure(const Err *err) {
    say_error(err);
    return err_is_usage(err) ? EXIT_USAGE : EXIT_UNKNOWN;
}

bool print_out(const Buf *text, Err *err) {
    bool written = text->length == 0 || fwrite(text->bytes, 1, text->length, stdout) == text->length;
    if (!written || fflush(stdout) != 0) {
        return err_set(err, TF_ERROR_IO, "could not write to standard output: %s", strerror(errno));
    }
    return true;
}

Exit finish(Buf *text, Exit status) {
    Err err;
    bool printed = print_out(text, &err);
    buf_free(text);
    return printed ? status : say_failure(&err);
}

Exit finish_lines(Buf *text, Exit status) {
    Buf shown = {0};
    shown_lines(buf_view(text), &shown);
    buf_free(text);
    return finish(&shown, status);
}

bool words_enough(const Options *options, size_t least, const char *what, Err *err) {
    if (options->word_count >= least) {
        return true;
    }
    return err_set(err, TF_ERROR_USAGE, "cannot run without %s", what);
}

/* The library belongs to the program that is running: PREFIX/share beside PREFIX/bin, wherever both were put; in a
 * build tree a link beside it; else where it was to be installed. */
static const char *library_folder(void) {
    static char found[PATH_MAX + 32];
    static const char *const BESIDE[] = {"../share/twofold/invariants", "invariants"};
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    program[length < 0 ? 0 : length] = '\0';
    char *slash = strrchr(program, '/');
    for (size_t i = 0; slash != NULL && i < sizeof(BESIDE) / sizeof(BESIDE[0]); i++) {
        snprintf(found, sizeof(found), "%.*s/%s", (int)(slash - program), program, BESIDE[i]);
        if (access(found, X_OK) == 0) {
            return found;
        }
    }
    return TWOFOLD_INVARIANTS_DIR;
}

SpecSearch search_of(const Options *options, const char *folders[2]) {
    const char *installed = getenv("TWOFOLD_INVARIANTS");
    size_t count = 0;
    if (options->invariants != NULL) {
        folders[count++] = options->invariants;
    }
    folders[count++] = installed != NULL ? installed : library_folder();
    return (SpecSearch){folders, count};
}

bool color_wanted(const Options *options) {
    if (strcmp(options->color, "auto") != 0) {
        return strcmp(options->color, "always") == 0;
    }
    return terminal_wants_colour(stdout);
}
