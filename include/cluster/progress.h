/* progress.h - how far a sweep is, for people: a bar on a terminal, else a line now and then. */
#ifndef CLUSTER_PROGRESS_H
#define CLUSTER_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What there is to tell. */
struct progress_state {
    int64_t total;    /* runs of the sweep */
    int64_t kept;     /* that were done before this job */
    int64_t done;     /* by this job, diverged ones among them */
    int64_t diverged; /* by this job */
    int64_t failed;
    int running;    /* ranks at work */
    double elapsed; /* seconds of this job */
    double left;    /* seconds until the end, estimated; NaN: unknown */
    double slowest; /* seconds that the run has taken that is longest at work; 0: none */
    bool draining;
};

/* One line without a newline: on a terminal at most `width` - 1 columns with a bar; width 0: plain.
 * Returns `line`. `colour`: escape sequences may be used. */
char *progress_line(char *line, size_t size, const struct progress_state *state, int width,
                    bool colour);

/* "1:02:03", "2:05", "0.4 s" */
char *progress_time(char *text, size_t size, double seconds);

/* Where and when lines are printed. */
struct progress {
    int width; /* 0: no terminal */
    bool colour;
    bool drawn; /* a bar stands in the current line */
    double next;
};

void progress_init(struct progress *progress, int width);

/* Prints to stderr when it is time; `now`: seconds of this job. */
void progress_show(struct progress *progress, const struct progress_state *state, double now);

/* Prints a line of its own, above the bar. */
void progress_say(struct progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The last word. */
void progress_end(struct progress *progress, const struct progress_state *state);

#endif
