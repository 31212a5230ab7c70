/* `twofold gate`: may the contract phase begin? From the ledger and the live tables, by the spec's policy. */
#include "cmd/commands.h"
#include "cmd/outputs.h"
#include "cmd/say.h"

#include "gate/gate.h"
#include "report/file.h"
#include "report/gate_console.h"
#include "report/gate_json.h"
#include "report/gate_junit.h"
#include "report/terminal.h"

#include <stdio.h>

static bool json_save(const char *path, const Gate *gate, Err *err) {
    Buf json = {0};
    gate_json_write(gate, &json);
    bool good = file_replace(path, buf_view(&json), FILE_MODE_PRIVATE, err);
    buf_free(&json);
    return good;
}

static bool junit_save_gate(const char *path, const Gate *gate, Err *err) {
    JunitReport report = {.tests = 0};
    gate_junit_add(gate, &report);
    bool good = junit_save(path, &report, err);
    junit_free(&report);
    return good;
}

static bool reports_save(const Options *options, const Gate *gate) {
    Err err;
    bool json = options->json == NULL || json_save(options->json, gate, &err);
    if (!json) {
        say_error(&err);
    }
    bool junit = options->junit == NULL || junit_save_gate(options->junit, gate, &err);
    if (!junit) {
        say_error(&err);
    }
    return json && junit;
}

/* A report that could not be written takes an open gate back: whoever reads it must not find an older one. */
static Exit tell(const Options *options, const Gate *gate) {
    Buf text = {0};
    Exit status = (Exit)gate->answer;
    if (!reports_save(options, gate) && status == EXIT_HOLDS) {
        status = EXIT_UNKNOWN;
    }
    if (!file_is_stdout(options->json) && !file_is_stdout(options->junit)) {
        gate_console_write(gate, color_wanted(options), terminal_width(stdout), &text);
    }
    return finish(&text, status);
}

Exit cmd_gate(const Options *options) {
    Err err;
    const char *folders[2];
    SpecSearch search = search_of(options, folders);
    Check check = {0};
    Gate gate;
    Exit status = !words_enough(options, 1, "a spec: `twofold gate SPEC`", &err) || !outputs_fit(options, &err) ||
                          !outputs_apart(options, NULL, &err) ||
                          !gate_ask(&check, options->words[0], &search, options->ledger, &gate, &err)
                      ? say_failure(&err)
                      : tell(options, &gate);
    check_close(&check);
    return status;
}
