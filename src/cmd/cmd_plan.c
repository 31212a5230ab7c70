/* `twofold plan`: what check would do. Schemas are read, rows are not. */
#include "cmd/check_options.h"
#include "cmd/commands.h"
#include "cmd/say.h"

#include "report/plan_text.h"

Exit cmd_plan(const Options *options) {
    Err err;
    const char *folders[2];
    SpecSearch search = search_of(options, folders);
    CheckOptions wanted = check_options_of(options);
    Check check = {0};
    Buf out = {0};
    Exit status = EXIT_HOLDS;
    if (!words_enough(options, 1, "a spec: `twofold plan SPEC`", &err) ||
        !check_open(&check, options->words[0], &search, &err) || !check_plan(&check, &wanted, &err) ||
        !plan_text_write(&check, &out, &err)) {
        status = say_failure(&err);
        buf_empty(&out);
    }
    check_close(&check);
    return finish_lines(&out, status);
}
