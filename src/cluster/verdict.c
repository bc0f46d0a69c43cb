#include "verdict.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "child.h"

struct verdict verdict_of(const struct notice *notice, int item)
{
    struct verdict v;
    bool signalled = WIFSIGNALED(notice->status);
    int number = signalled ? WTERMSIG(notice->status) : 0;
    int code = WEXITSTATUS(notice->status);
    if (notice->error) {
        v = (struct verdict){.failure = FAILURE_MEMORY, .detail = notice->error};
        snprintf(v.text, sizeof v.text, "no process for the run: %s", strerror(notice->error));
    } else if (number == SIGKILL && notice->overtime == item) {
        v = (struct verdict){.failure = FAILURE_TIME};
        snprintf(v.text, sizeof v.text, "took longer than limits.seconds");
    } else if (signalled) {
        v = (struct verdict){.failure = FAILURE_CRASH, .detail = number};
        snprintf(v.text, sizeof v.text, "ended by signal %d (%s)%s", number, strsignal(number),
                 number == SIGKILL ? ", perhaps for want of memory" : "");
    } else if (code == CHILD_NO_REGION) {
        v = (struct verdict){.failure = FAILURE_MEMORY, .detail = code};
        snprintf(v.text, sizeof v.text, "no memory for its record");
    } else {
        v = (struct verdict){.failure = FAILURE_EXIT, .detail = code};
        snprintf(v.text, sizeof v.text, "the process left by itself with code %d", code);
    }
    return v;
}
