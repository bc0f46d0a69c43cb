#include "guard.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/process.h"
#include "sanitized.h"

const int guard_signals[GUARD_SIGNALS] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/* A handler has no argument of ours; what it says is written before. */
static struct {
    bool on;
    struct error lines[GUARD_SIGNALS];
    struct sigaction before[GUARD_SIGNALS];
} guard;

enum status guard_blame(struct error *err, const char *path, int signal)
{
    return error_set(err, ERR_FILE,
                     "%s: is damaged: reading it ends by signal %d (%s); go back to a copy, or "
                     "begin a new file with -o",
                     path, signal, strsignal(signal));
}

static void tell(int signal)
{
    for (int i = 0; i < GUARD_SIGNALS; i++)
        if (guard_signals[i] == signal) {
            char *text = guard.lines[i].text;
            size_t length = strlen(text);
            text[length] = '\n';
            if (write(STDERR_FILENO, text, length + 1) < 0)
                break;
        }
    _exit(error_exit_code(ERR_FILE));
}

void guard_begin(const char *path)
{
    if (SANITIZED || process_is_rank())
        return;
    struct sigaction action = {.sa_handler = tell};
    sigfillset(&action.sa_mask);
    for (int i = 0; i < GUARD_SIGNALS; i++) {
        guard_blame(&guard.lines[i], path, guard_signals[i]);
        if (!guard.on)
            sigaction(guard_signals[i], &action, &guard.before[i]);
    }
    guard.on = true;
}

void guard_end(void)
{
    for (int i = 0; i < GUARD_SIGNALS && guard.on; i++)
        sigaction(guard_signals[i], &guard.before[i], NULL);
    guard.on = false;
}
