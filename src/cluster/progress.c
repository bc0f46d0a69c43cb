#include "cluster/progress.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define BAR_EVERY 0.2   /* seconds */
#define LINE_EVERY 30.0 /* seconds, where there is no terminal */

enum { BAR_LEAST = 8, BAR_MOST = 40 };

char *progress_time(char *text, size_t size, double seconds)
{
    if (!(seconds >= 0))
        snprintf(text, size, "?");
    else if (seconds < 10)
        snprintf(text, size, "%.1f s", seconds);
    else if (seconds < 3600)
        snprintf(text, size, "%d:%02d", (int)seconds / 60, (int)seconds % 60);
    else
        snprintf(text, size, "%" PRId64 ":%02d:%02d", (int64_t)fmin(seconds, 1e15) / 3600,
                 (int)fmod(seconds, 3600) / 60, (int)fmod(seconds, 60));
    return text;
}

/* Adds to the text what fits. */
__attribute__((format(printf, 3, 4))) static void add(char *text, size_t size, const char *format,
                                                      ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

/* Everything but the bar, most wanted first, so that a narrow terminal loses the least. */
static void add_figures(char *text, size_t size, const struct progress_state *s)
{
    char time[32];
    int64_t done = s->kept + s->done;
    add(text, size, "%" PRId64 "/%" PRId64 " done", done, s->total);
    if (s->failed)
        add(text, size, ", %" PRId64 " failed", s->failed);
    if (s->draining)
        add(text, size, ", stopping");
    add(text, size, ", %d running", s->running);
    double rate = s->elapsed > 0 ? (double)s->done / s->elapsed : 0;
    if (s->done)
        add(text, size, rate >= 1 ? ", %.1f/s" : ", %.3g/s", rate);
    if (!s->draining && isfinite(s->left))
        add(text, size, ", %s left", progress_time(time, sizeof time, s->left));
    if (s->slowest >= 1)
        add(text, size, ", slowest %s", progress_time(time, sizeof time, s->slowest));
    if (s->diverged)
        add(text, size, ", %" PRId64 " diverged", s->diverged);
}

char *progress_line(char *line, size_t size, const struct progress_state *s, int width, bool colour)
{
    char figures[256] = "";
    add_figures(figures, sizeof figures, s);
    int room = width - 1 - (int)strlen(figures) - 3;
    if (width <= 0 || room < BAR_LEAST) {
        size_t most = width > 1 && (size_t)width < size ? (size_t)width : size;
        snprintf(line, most, "%s", figures);
        return line;
    }
    int length = room < BAR_MOST ? room : BAR_MOST;
    double part = s->total > 0 ? (double)(s->kept + s->done) / (double)s->total : 1;
    int full = (int)(part * length);
    char filled[BAR_MOST + 1], empty[BAR_MOST + 1];
    memset(filled, '#', sizeof filled);
    memset(empty, '.', sizeof empty);
    snprintf(line, size, "%s[%.*s%.*s]%s %s", colour ? s->failed ? "\33[31m" : "\33[32m" : "", full,
             filled, length - full, empty, colour ? "\33[0m" : "", figures);
    return line;
}

void progress_init(struct progress *progress, int width)
{
    const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
    bool dumb = terminal && strcmp(terminal, "dumb") == 0;
    *progress = (struct progress){
        .width = dumb ? 0 : width,
        .colour = !(none && *none),
        .next = dumb || width <= 0 ? LINE_EVERY : 0,
    };
}

void progress_show(struct progress *progress, const struct progress_state *state, double now)
{
    char line[512];
    if (now < progress->next)
        return;
    progress->next = now + (progress->width > 0 ? BAR_EVERY : LINE_EVERY);
    progress_line(line, sizeof line, state, progress->width, progress->colour);
    if (progress->width > 0)
        fprintf(stderr, "\r%s\33[K", line);
    else
        fprintf(stderr, "%s\n", line);
    fflush(stderr);
    progress->drawn = progress->width > 0;
}

void progress_say(struct progress *progress, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s%s\n", progress->drawn ? "\r\33[K" : "", text_line(text));
    fflush(stderr);
    progress->drawn = false;
    if (progress->width > 0)
        progress->next = 0;
}

void progress_end(struct progress *progress, const struct progress_state *s)
{
    char time[32], more[128] = "";
    if (s->failed)
        add(more, sizeof more, ", %" PRId64 " failed", s->failed);
    if (s->diverged)
        add(more, sizeof more, ", %" PRId64 " diverged", s->diverged);
    int64_t left = s->total - s->kept - s->done - s->failed;
    if (left > 0)
        add(more, sizeof more, ", %" PRId64 " left", left);
    progress_say(progress, "%" PRId64 " of %" PRId64 " runs done%s; %" PRId64 " in %s",
                 s->kept + s->done, s->total, more, s->done,
                 progress_time(time, sizeof time, s->elapsed));
}
