/* `twofold check`: from specs to verdicts and the outputs asked for. */
#include "cmd/check_options.h"
#include "cmd/commands.h"
#include "cmd/outputs.h"
#include "cmd/say.h"
#include "cmd/stop.h"

#include "base/clock.h"
#include "check/judge.h"
#include "check/watch.h"
#include "ledger/ledger.h"
#include "report/console.h"
#include "report/progress.h"

#include <string.h>

enum { SINKS_MAX = OUTPUTS + 3 };

/* One spec of the command line. All are read before any is checked. */
typedef struct Asked {
    Check check;
    bool read;
    Err unread; /* why not; told when it is this one's turn */
} Asked;

/* One run of the command; several specs share it. */
typedef struct Session {
    const Options *options;
    SpecSearch search;
    CheckOptions wanted;
    Ledger *ledger;
    Err unopened; /* why there is no ledger, where one was asked for */
    OutputsKept kept;
    RunStop *stop;
    Asked *asked;  /* as many as there are words */
    FILE *console; /* standard error where a report takes standard output */
    Exit worst;
} Session;

/* The sinks of one check. */
typedef struct Sinks {
    Sink *of[SINKS_MAX];
    size_t count;
} Sinks;

static void sinks_add(Sinks *sinks, Sink *sink) {
    if (sink != NULL) {
        sinks->of[sinks->count++] = sink;
    }
}

static void sinks_close(Sinks *sinks) {
    for (size_t i = 0; i < sinks->count; i++) {
        if (sinks->of[i]->close != NULL) {
            sinks->of[i]->close(sinks->of[i]);
        }
    }
}

/* Progress, console, the files that were asked for, and the ledger. `refused`: why the ledger does not take this run;
 * NULL: it does. Of one that is busy with another run of the check, earlier runs can be read. */
static bool sinks_open(Session *session, Check *opened, const Err *refused, Sinks *sinks, Err *err) {
    bool underway = refused != NULL && refused->code == TF_ERROR_BUSY;
    Ledger *ledger = refused == NULL || underway ? session->ledger : NULL;
    ReportOrder order = {.check = opened, .ledger = ledger, .underway = underway};
    const Options *options = session->options;
    ProgressWhen when = PROGRESS_AUTO;
    if (!progress_when_parse(options->progress, &when)) {
        return err_set(err, TF_ERROR_INTERNAL, "cannot show progress");
    }
    sinks_add(sinks, progress_sink_open(stderr, when, opened->spec.check));
    ConsoleOptions *console = ARENA_NEW(&opened->arena, ConsoleOptions);
    console->colour = session->console == stdout && color_wanted(options);
    console->findings = options->findings;
    sinks_add(sinks, console_sink_open(session->console, console));
    if (!outputs_open(options, &order, &session->kept, sinks->of, &sinks->count, err)) {
        return false;
    }
    if (session->ledger != NULL && refused == NULL) {
        sinks_add(sinks, ledger_sink_open(session->ledger, (LedgerSources){&opened->old_info, &opened->new_info}));
    }
    return true;
}

/* A check that could not begin still has a result: cannot tell, with the reason, in every output that was asked for. */
static void tell_failure(Sinks *sinks, const char *check, const Err *why, int64_t started_us) {
    Result result = judge_failure(check, why, started_us, clock_wall_us() - started_us);
    for (size_t i = 0; i < sinks->count; i++) {
        Err err;
        if (sinks->of[i]->result != NULL && !sinks->of[i]->result(sinks->of[i], &result, &err)) {
            say_error(&err);
        }
    }
}

static Exit run_opened(const Session *session, Check *check, const CheckOptions *wanted, const Sinks *sinks) {
    Result result;
    check_run(check, wanted, (RunSinks){sinks->of, sinks->count}, session->stop, &result);
    if (result.sink_err.text[0] != '\0') {
        say_error(&result.sink_err);
        return result.verdict == VERDICT_CONSISTENT ? EXIT_UNKNOWN : (Exit)result.verdict;
    }
    return (Exit)result.verdict;
}

/* What the last run of this check left, where it was asked for and there is something. */
static bool find_resume(const Session *session, Check *check, CheckOptions *wanted, Err *err) {
    if (!session->options->resume) {
        return true;
    }
    LedgerSources sources = {&check->old_info, &check->new_info};
    if (!ledger_resume(session->ledger, &check->arena, &check->match, sources, &wanted->resume, err)) {
        return false;
    }
    if (wanted->resume == NULL) {
        say_note(arena_printf(&check->arena, "nothing to resume: check \"%s\" begins anew", check->spec.check));
    }
    return true;
}

/* A check that the ledger keeps from beginning: all outputs tell so, and it is not recorded. */
static Exit check_refused(Session *session, Check *check, const Err *why, int64_t started_us) {
    Err err;
    Sinks sinks = {.count = 0};
    Exit status = EXIT_UNKNOWN;
    if (sinks_open(session, check, why, &sinks, &err)) {
        tell_failure(&sinks, check->spec.check, why, started_us);
    } else {
        status = say_failure(&err);
    }
    sinks_close(&sinks);
    return status;
}

/* `why` is NULL where the check is planned. */
static Exit check_report(Session *session, Check *check, const CheckOptions *wanted, const Err *why,
                         int64_t started_us) {
    Err err;
    Sinks sinks = {.count = 0};
    Exit status = EXIT_UNKNOWN;
    if (!sinks_open(session, check, NULL, &sinks, &err)) {
        sinks_close(&sinks);
        return check_refused(session, check, &err, started_us);
    }
    if (why != NULL) {
        tell_failure(&sinks, check->spec.check, why, started_us);
    } else {
        session->stop = session->stop == NULL ? stop_on_signals() : session->stop;
        status = run_opened(session, check, wanted, &sinks);
    }
    sinks_close(&sinks);
    return status;
}

/* An open check, held so that no other run of it begins. */
static Exit check_locked(Session *session, Check *check, int64_t started_us) {
    Err err;
    CheckOptions wanted = session->wanted;
    bool planned = find_resume(session, check, &wanted, &err) && check_plan(check, &wanted, &err);
    return !planned && err_is_usage(&err) ? say_failure(&err)
                                          : check_report(session, check, &wanted, planned ? NULL : &err, started_us);
}

static Exit check_read_one(Session *session, Check *check) {
    Err err;
    int64_t started_us = clock_wall_us();
    if (!check_reach(check, &err) || !check_identify(check, &err)) {
        return err_is_usage(&err) ? say_failure(&err)
                                  : check_report(session, check, &session->wanted, &err, started_us);
    }
    if (session->unopened.text[0] != '\0') {
        return check_refused(session, check, &session->unopened, started_us);
    }
    if (session->ledger != NULL && !ledger_lock(session->ledger, check->spec.check, &err)) {
        return err_is_usage(&err) ? say_failure(&err) : check_refused(session, check, &err, started_us);
    }
    Exit status = check_locked(session, check, started_us);
    if (session->ledger != NULL) {
        ledger_unlock(session->ledger);
    }
    return status;
}

/* Behind the first check a signal ends no more than what is waited for: there is a result to be written. */
static Exit check_one(Session *session, Asked *asked) {
    Watch watch;
    watch_open(&watch, session->stop);
    Exit status = asked->read ? check_read_one(session, &asked->check) : say_failure(&asked->unread);
    check_close(&asked->check);
    watch_close(&watch);
    return status;
}

static void specs_read(Session *session) {
    for (size_t i = 0; i < session->options->word_count; i++) {
        Asked *asked = &session->asked[i];
        asked->read = check_read(&asked->check, session->options->words[i], &session->search, &asked->unread);
    }
}

static void specs_close(Session *session) {
    for (size_t i = 0; i < session->options->word_count; i++) {
        check_close(&session->asked[i].check);
    }
}

/* What a check leaves, in the ledger and in the outputs, goes by its name: of two with one name the last would take the
 * place of the first, whatever that had found. */
static bool names_differ(const Session *session, Err *err) {
    const char *const *words = session->options->words;
    for (size_t i = 1; i < session->options->word_count; i++) {
        for (size_t j = 0; j < i; j++) {
            const Asked *one = &session->asked[j], *two = &session->asked[i];
            if (one->read && two->read && strcmp(one->check.spec.check, two->check.spec.check) == 0) {
                err_set(err, TF_ERROR_USAGE, "cannot check \"%s\" and \"%s\" in one run: both are named \"%s\"",
                        words[j], words[i], two->check.spec.check);
                return err_hint(err, "Results are kept by name: give one of them another `check:`.");
            }
        }
    }
    return true;
}

/* 1 if any is inconsistent, else 2 if any cannot be told. 3 says that nothing was read, so a spec that is wrong takes
 * no verdict away from one that was checked; its error stands on standard error. */
static Exit worse(Exit a, Exit b) {
    static const int rank[] = {[EXIT_HOLDS] = 0, [EXIT_USAGE] = 1, [EXIT_UNKNOWN] = 2, [EXIT_DIFFERS] = 3};
    return rank[a] >= rank[b] ? a : b;
}

static bool places_differ(const Session *session, Err *err) {
    Arena arena = {0};
    size_t count = session->options->word_count;
    const char **names = ARENA_MANY(&arena, count, const char *);
    for (size_t i = 0; i < count; i++) {
        names[i] = session->asked[i].read ? session->asked[i].check.spec.check : NULL;
    }
    bool good = outputs_apart(session->options, names, err);
    arena_free(&arena);
    return good;
}

static Exit check_all(Session *session) {
    Err err;
    const Options *options = session->options;
    if (!ledger_open(options->ledger, LEDGER_WRITE, &session->ledger, &err)) {
        bool asked_for = options->ledger != NULL || options->resume;
        if (asked_for && err_is_usage(&err)) {
            return say_failure(&err);
        }
        if (asked_for) {
            session->unopened = err;
        } else { /* the verdict is worth more */
            err_hint(&err, "This run is not recorded; --ledger sqlite:PATH names another place.");
            say_error(&err);
        }
    }
    stop_at_once_on_signals();
    for (size_t i = 0; i < options->word_count; i++) {
        fputs(i == 0 ? "" : "\n", session->console);
        session->worst = worse(session->worst, check_one(session, &session->asked[i]));
    }
    if (!outputs_save(options, &session->kept) && session->worst == EXIT_HOLDS) {
        session->worst = EXIT_UNKNOWN;
    }
    ledger_close(session->ledger);
    return session->worst;
}

Exit cmd_check(const Options *options) {
    Err err;
    Arena arena = {0};
    const char *folders[2];
    Session session = {.options = options, .search = search_of(options, folders), .worst = EXIT_HOLDS};
    session.wanted = check_options_of(options);
    session.console = outputs_take_stdout(options) ? stderr : stdout;
    if (!words_enough(options, 1, "a spec: `twofold check SPEC`", &err) || !outputs_fit(options, &err)) {
        return say_failure(&err);
    }
    session.asked = ARENA_MANY(&arena, options->word_count, Asked);
    specs_read(&session);
    Exit status =
        names_differ(&session, &err) && places_differ(&session, &err) ? check_all(&session) : say_failure(&err);
    specs_close(&session);
    arena_free(&arena);
    return status;
}
