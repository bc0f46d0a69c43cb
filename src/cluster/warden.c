#include "warden.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "math/lapack.h"

/* How often the deadline of a limited run is looked at, at least: runs of a bundle follow each
 * other without a word. */
#define LOOK_AGAIN 50000000 /* ns */

enum { WARM_UP_MOST = 1 }; /* seconds of work; it takes milliseconds */

struct watch {
    const struct warden *w;
    pid_t child; /* 0: none */
    int log;     /* end of the pipe that the child writes errors to; -1: none */
    int32_t overtime;
    bool limited;
};

static void on_child(int number)
{
    (void)number; /* its only purpose is to end ppoll */
}

/* The signals that mpirun and terminals send to whole groups are the rank's to act on. */
static void ignore_signals(void)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
}

/* False when the parent has already gone: then no signal will come any more. */
static bool die_with(pid_t parent)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

static _Noreturn void become_child(const struct warden *w, pid_t parent, int log)
{
    if (!die_with(parent))
        _exit(0);
    prctl(PR_SET_NAME, "mesasweep-run");
    sigset_t none;
    sigemptyset(&none);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    close(w->rank);
    dup2(log, STDERR_FILENO);
    dup2(log, STDOUT_FILENO);
    close(log);
    child_main(w->control, w->region, w->work);
}

static void tell(const struct watch *watch, int status, int error)
{
    struct notice notice = {.status = status, .overtime = watch->overtime, .error = error};
    /* A rank that no longer listens has gone; the next poll says so. */
    if (send(watch->w->rank, &notice, sizeof notice, MSG_NOSIGNAL) < 0)
        return;
}

static void begin(struct watch *watch, bool limited)
{
    int ends[2];
    pid_t self = getpid();
    watch->overtime = -1;
    watch->limited = limited;
    atomic_store(&watch->w->control->log_bytes, 0);
    if (pipe2(ends, O_CLOEXEC)) {
        tell(watch, 0, errno);
        return;
    }
    pid_t child = fork();
    if (child == 0)
        become_child(watch->w, self, ends[1]);
    int error = errno;
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        tell(watch, 0, error);
        return;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    watch->child = child;
    watch->log = ends[0];
    atomic_store(&watch->w->control->child, child);
}

static void close_log(struct watch *watch)
{
    if (watch->log >= 0)
        close(watch->log);
    watch->log = -1;
}

/* Moves what the child wrote into the ring of the log; its end is what people want to see. */
static void read_log(struct watch *watch)
{
    struct control *control = watch->w->control;
    char text[4096];
    ssize_t count = -1;
    while (watch->log >= 0 && (count = read(watch->log, text, sizeof text)) > 0) {
        uint64_t at = atomic_load(&control->log_bytes);
        for (ssize_t i = 0; i < count; i++)
            control->log[(at + (uint64_t)i) % NURSERY_LOG] = text[i];
        atomic_store(&control->log_bytes, at + (uint64_t)count);
    }
    if (watch->log >= 0 && count == 0)
        close_log(watch);
}

static void reap(struct watch *watch)
{
    int status;
    if (watch->child == 0 || waitpid(watch->child, &status, WNOHANG) != watch->child)
        return;
    read_log(watch);
    close_log(watch);
    watch->child = 0;
    atomic_store(&watch->w->control->child, 0);
    tell(watch, status, 0);
}

/* Nanoseconds until the deadline of the run at work must be looked at. */
static int64_t enforce_deadline(struct watch *watch)
{
    struct control *control = watch->w->control;
    int32_t item = atomic_load(&control->current);
    int64_t deadline = atomic_load(&control->deadline), now = nanoseconds();
    if (deadline == 0 || atomic_load(&control->current) != item)
        return LOOK_AGAIN;
    if (now < deadline)
        return deadline - now < LOOK_AGAIN ? deadline - now : LOOK_AGAIN;
    if (watch->overtime < 0) {
        watch->overtime = item;
        kill(watch->child, SIGKILL);
    }
    return LOOK_AGAIN;
}

/* One order of the rank; false when the rank has gone. */
static bool obey(struct watch *watch)
{
    struct order order;
    ssize_t got = recv(watch->w->rank, &order, sizeof order, MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (got != sizeof order)
        return false;
    if (order.kind == ORDER_BEGIN && watch->child == 0)
        begin(watch, order.limited != 0);
    else if (order.kind == ORDER_KILL && watch->child > 0)
        kill(watch->child, SIGKILL);
    return true;
}

static void on_no_memory(int number)
{
    (void)number;
    _exit(WARDEN_NO_MEMORY);
}

/* OpenBLAS takes its buffer now, for all children: under a limit of memory it would not be told no
 * but try again for ever. So it would here, under a limit of the shell. */
static void warm_up(void)
{
    double G = 0;
    const double X = 1;
    struct itimerval most = {.it_value = {.tv_sec = WARM_UP_MOST}}, none = {0};
    signal(SIGPROF, on_no_memory);
    setitimer(ITIMER_PROF, &most, NULL); /* counts work, not waiting */
    lapack_threads(1);
    lapack_gram(&G, &X, 1, 1);
    setitimer(ITIMER_PROF, &none, NULL);
    signal(SIGPROF, SIG_DFL);
}

_Noreturn void warden_main(const struct warden *w)
{
    struct watch watch = {.w = w, .log = -1, .overtime = -1};
    sigset_t blocked, open;
    ignore_signals();
    if (!die_with(w->process))
        _exit(0);
    prctl(PR_SET_NAME, "mesasweep-nurse");
    warm_up();
    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = on_child, .sa_flags = SA_NOCLDSTOP}, NULL);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, &open);
    sigdelset(&open, SIGCHLD);
    bool alive = true;
    while (alive) {
        struct pollfd polled[] = {{w->rank, POLLIN, 0}, {watch.log, POLLIN, 0}};
        struct timespec nap = {0, LOOK_AGAIN};
        bool timed = watch.child > 0 && watch.limited;
        if (timed)
            nap.tv_nsec = (long)enforce_deadline(&watch);
        ppoll(polled, 2, timed ? &nap : NULL, &open);
        read_log(&watch);
        reap(&watch);
        alive = obey(&watch);
    }
    if (watch.child > 0)
        kill(watch.child, SIGKILL);
    _exit(0);
}
