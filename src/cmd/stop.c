#include "cmd/stop.h"

#include "cmd/options.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* A signal handler has no argument to be given this by. */
static RunStop stop;

static void ask_to_stop(int signal_number) {
    atomic_store(&stop.wanted, true);
    signal(signal_number, SIG_DFL);
}

static void end_at_once(int signal_number) {
    static const char sentence[] = "twofold: stopped before anything was read\n";
    (void)signal_number;
    ssize_t written = write(STDERR_FILENO, sentence, sizeof(sentence) - 1);
    (void)written;
    _exit(EXIT_UNKNOWN);
}

static void on_signals(void (*handler)(int)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void stop_at_once_on_signals(void) {
    on_signals(end_at_once);
}

RunStop *stop_on_signals(void) {
    on_signals(ask_to_stop);
    return &stop;
}
