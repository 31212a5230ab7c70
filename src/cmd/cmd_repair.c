/* `twofold repair`: the writes that make the side agree that is not trusted; shown, or made. */
#include "cmd/check_options.h"
#include "cmd/commands.h"
#include "cmd/key_list.h"
#include "cmd/outputs.h"
#include "cmd/say.h"
#include "cmd/stop.h"

#include "repair/campaign.h"
#include "report/file.h"
#include "report/progress.h"
#include "report/prometheus.h"
#include "report/repair_json.h"
#include "report/repair_text.h"

#include <string.h>
#include <sys/stat.h>

typedef struct Session {
    const Options *options;
    Check check;
    Repair repair;
    Campaign campaign;
    const char *journal_path; /* NULL: there is none (yet) */
    FILE *talk;               /* standard error where a report takes standard output */
    Buf json_rows;
    int64_t json_count;
} Session;

static SpecTrust trust_of(const Options *options) {
    return options->trust == NULL ? TRUST_UNSAID : strcmp(options->trust, "old") == 0 ? TRUST_OLD : TRUST_NEW;
}

/* ---- which rows --------------------------------------------------------------------------------------------- */

static bool take_keys(Session *session, Err *err) {
    const Options *options = session->options;
    const Match *match = &session->repair.aim.match;
    Arena *arena = &session->check.arena;
    KeyList list = {0};
    return (options->key == NULL || key_list_add(&list, arena, match, str_of(options->key), err)) &&
           (options->keys == NULL || key_list_read(&list, arena, match, options->keys, err)) &&
           campaign_take(&session->campaign, list.values, list.count, err);
}

static bool search(Session *session, Err *err) {
    ProgressWhen when = PROGRESS_AUTO;
    CheckOptions wanted = check_options_of(session->options);
    wanted.sample = 0;
    if (!progress_when_parse(session->options->progress, &when)) {
        return err_set(err, TF_ERROR_INTERNAL, "cannot show progress");
    }
    Sink *progress = progress_sink_open(stderr, when, session->check.spec.check);
    bool good = campaign_search(&session->campaign, &wanted, progress, err);
    if (progress != NULL) {
        progress->close(progress);
    }
    return good;
}

/* ---- what is told ------------------------------------------------------------------------------------------- */

static void talk(Session *session, Buf *text) {
    fwrite(text->bytes, 1, text->length, session->talk);
    fflush(session->talk);
    buf_free(text);
}

static void take_row(void *self, const RepairRow *row) {
    Session *session = self;
    Buf text = {0};
    repair_text_row(&session->campaign, row, &text);
    talk(session, &text);
    if (session->options->json != NULL && session->json_count++ < session->options->sample) {
        repair_json_row(&session->campaign, row, &session->json_rows);
    }
}

static bool json_save(Session *session, Err *err) {
    Buf text = {0};
    repair_json_write(&session->campaign, &session->json_rows, session->journal_path, &text);
    bool good = file_replace(session->options->json, buf_view(&text), FILE_MODE_PRIVATE, err);
    buf_free(&text);
    return good;
}

/* What the check left there; nothing where it left nothing. */
static void file_take(const char *path, Buf *out) {
    char bytes[4096];
    struct stat status;
    bool regular = !file_is_stdout(path) && stat(path, &status) == 0 && S_ISREG(status.st_mode); /* a pipe would wait */
    FILE *file = regular ? fopen(path, "r") : NULL;
    for (size_t length; file != NULL && (length = fread(bytes, 1, sizeof bytes, file)) > 0;) {
        buf_append(out, bytes, length);
    }
    if (file != NULL) {
        fclose(file);
    }
}

static bool metrics_save(Session *session, Err *err) {
    const char *check = session->check.spec.check;
    const char *path = outputs_path(OUTPUT_metrics, session->options, check, &session->check.arena);
    Buf old = {0}, text = {0};
    file_take(path, &old);
    prometheus_put_repaired(buf_view(&old), check, session->campaign.outcomes, &text);
    bool good = file_replace(path, buf_view(&text), FILE_MODE_SHARED, err);
    buf_free(&old);
    buf_free(&text);
    return good;
}

static Exit tell(Session *session) {
    Err err;
    Buf text = {0};
    Exit status = (Exit)campaign_verdict(&session->campaign);
    repair_text_tail(&session->campaign, session->journal_path, &text);
    talk(session, &text);
    if (ferror(session->talk)) {
        err_set(&err, TF_ERROR_IO, "could not write to standard output: not all of the above was shown");
        say_error(&err);
        status = status == EXIT_HOLDS ? EXIT_UNKNOWN : status;
    }
    if ((session->options->json != NULL && !json_save(session, &err)) ||
        (session->options->metrics != NULL && !metrics_save(session, &err))) {
        say_error(&err);
        status = status == EXIT_HOLDS ? EXIT_UNKNOWN : status;
    }
    return status;
}

/* ---- the command -------------------------------------------------------------------------------------------- */

static bool session_open(Session *session, Err *err) {
    const Options *options = session->options;
    const char *folders[2];
    SpecSearch searched = search_of(options, folders);
    session->campaign = (Campaign){.repair = &session->repair, .writes = options->write};
    if (!check_read(&session->check, options->words[0], &searched, err) ||
        !outputs_apart(options, &session->check.spec.check, err) || !check_reach(&session->check, err) ||
        !repair_open(&session->repair, &session->check, trust_of(options), err)) {
        return false;
    }
    session->repair.stop = stop_on_signals();
    session->repair.settle_us = options->settle_us;
    return !options->write || repair_can_write(&session->repair, err);
}

static Exit session_run(Session *session) {
    Err err;
    const Options *options = session->options;
    Campaign *campaign = &session->campaign;
    if (!session_open(session, &err) ||
        !(options->key != NULL || options->keys != NULL ? take_keys(session, &err) : search(session, &err))) {
        return say_failure(&err);
    }
    if (options->write && campaign->disagreed > 0 && campaign->stopped == NULL &&
        !repair_keep(&session->repair, options->words[0], options->journal, &session->journal_path, &err)) {
        return say_failure(&err);
    }
    Buf head = {0};
    repair_text_head(campaign, &head);
    talk(session, &head);
    if (campaign_run(campaign, (RowTaker){take_row, session}, &err)) {
        return tell(session);
    }
    say_error(&err);
    Exit status = tell(session);
    return status == EXIT_HOLDS ? EXIT_UNKNOWN : status;
}

Exit cmd_repair(const Options *options) {
    Err err;
    Session session = {.options = options};
    session.talk = file_is_stdout(options->json) || file_is_stdout(options->metrics) ? stderr : stdout;
    if (!words_enough(options, 1, "a spec: `twofold repair SPEC`", &err) || !outputs_fit(options, &err)) {
        return say_failure(&err);
    }
    Exit status = session_run(&session);
    journal_close(session.repair.journal);
    check_close(&session.check);
    buf_free(&session.json_rows);
    return status;
}
