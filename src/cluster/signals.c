#include "signals.h"

#include <signal.h>
#include <stddef.h>

/* A handler can reach nothing but a global. */
static volatile sig_atomic_t seen;

static void count(int number)
{
    (void)number;
    seen = seen + 1;
}

void signals_catch(void)
{
    static const int caught[] = {SIGUSR1, SIGTERM, SIGINT};
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++)
        sigaction(caught[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a terminal that has gone is no reason to stop */
}

int signals_seen(void)
{
    return seen;
}
