#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "left.h"
#include "options.h"
#include "paint.h"
#include "rows.h"
#include "show.h"

enum { FAILURES_SHOWN = 20, RUNNING_SHOWN = 5, SLOWEST_SHOWN = 5, COLUMNS = 128 };

static bool is_failure(enum row_status status)
{
    return status == ROW_FAILED || status == ROW_TIMEOUT;
}

/* "depth 2, heads 1, seed 0": the swept keys of a run. */
static void describe(char *text, size_t size, const struct reader *reader, int64_t row)
{
    int columns[COLUMNS];
    int count = rows_columns(columns, COLUMNS, reader);
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < count && used < size; i++) {
        int column = columns[i];
        if (reader_column(reader, column)->origin != READ_SWEPT)
            continue;
        char name[KEY_NAME_SIZE], value[KEY_TEXT_SIZE];
        rows_header(name, sizeof name, reader, column);
        if (reader_column(reader, column)->text)
            snprintf(value, sizeof value, "%s", reader_text(reader, column, row));
        else
            show_number(value, sizeof value, reader_number(reader, column, row));
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s %s", used ? ", " : "", name, value);
    }
}

/* The rows that took longest, longest first, of those at work or of the others; returns how many.
 */
static int find_slowest(int64_t *slowest, int most, const struct reader *reader, bool running)
{
    int count = 0;
    for (int64_t row = 0; row < reader_count(reader); row++) {
        double time = rows_seconds(reader, row);
        if (!isfinite(time) || (reader_status(reader, row) == ROW_RUNNING) != running)
            continue;
        int at = count;
        while (at > 0 && rows_seconds(reader, slowest[at - 1]) < time)
            at--;
        if (at == most)
            continue;
        count += count < most;
        memmove(slowest + at + 1, slowest + at, (size_t)(count - at - 1) * sizeof *slowest);
        slowest[at] = row;
    }
    return count;
}

/* On a terminal: done, failed and the rest as parts of a line. */
static void print_bar(const struct row_counts *counts, const struct paint *paint)
{
    enum { WIDTH = 60 };
    if (!paint->terminal || counts->runs == 0)
        return;
    int done = (int)(WIDTH * counts->done / counts->runs);
    int failed = (int)(WIDTH * (counts->done + counts->failed) / counts->runs) - done;
    fputs(paint->good, stdout);
    for (int i = 0; i < WIDTH; i++) {
        if (i == done)
            fputs(paint->bad, stdout);
        if (i == done + failed)
            fputs(paint->plain, stdout);
        fputs(i < done ? "█" : i < done + failed ? "▒" : "░", stdout);
    }
    printf("%s %.0f %%\n\n", paint->plain, 100. * (double)counts->done / (double)counts->runs);
}

/* "about 12 min left (9 min to 15 min)"; without the range when it says no more. */
static void print_left(const struct left *left)
{
    char about[32], low[32], high[32];
    if (!isfinite(left->seconds))
        return;
    show_seconds(about, sizeof about, left->seconds);
    show_seconds(low, sizeof low, left->low);
    show_seconds(high, sizeof high, left->high);
    printf("\nabout %s left", about);
    if (strcmp(low, high) != 0)
        printf(" (%s to %s)", low, high);
    putchar('\n');
}

static void print_counts(const struct row_counts *counts, const char *file, const char *name,
                         const struct paint *paint)
{
    printf("%s: %s\n\n", file, name);
    print_bar(counts, paint);
    printf("%6" PRId64 " runs\n%6" PRId64 " done", counts->runs, counts->done);
    if (counts->diverged)
        printf(" (%" PRId64 " diverged)", counts->diverged);
    printf("\n%s%6" PRId64 " failed%s", counts->failed ? paint->bad : "", counts->failed,
           counts->failed ? paint->plain : "");
    if (counts->timeout)
        printf(" (%" PRId64 " ran out of time)", counts->timeout);
    printf("\n%6" PRId64 " running\n%6" PRId64 " pending", counts->running, counts->pending);
    if (counts->stopped)
        printf(" (%" PRId64 " from a checkpoint on)", counts->stopped);
    putchar('\n');
    if (counts->retired)
        printf("%6" PRId64 " more are retired: no longer in the grid, kept\n", counts->retired);
}

/* "  6d0527818cbc0efd  depth 7: 960 steps in 10 min, test_loss 0.0952" */
static void print_running(const struct reader *reader, int64_t running)
{
    int64_t rows[RUNNING_SHOWN];
    char what[512], time[32], loss[32], identity[17];
    int count = find_slowest(rows, RUNNING_SHOWN, reader, true);
    if (count > 0)
        printf("\nrunning\n");
    for (int i = 0; i < count; i++) {
        double steps = rows_number(reader, "steps_done", rows[i]);
        describe(what, sizeof what, reader, rows[i]);
        rows_identity(identity, reader, rows[i]);
        show_seconds(time, sizeof time, rows_seconds(reader, rows[i]));
        show_number(loss, sizeof loss, rows_number(reader, "test_loss", rows[i]));
        printf("  %s  %s%s%.0f steps in %s, test_loss %s\n", identity, what, *what ? ": " : "",
               isfinite(steps) ? steps : 0, time, loss);
    }
    if (running > count)
        printf("  ... and %" PRId64 " more; --json lists them all\n", running - count);
}

static void print_text(const struct reader *reader, const char *file)
{
    struct row_counts counts = rows_count(reader);
    struct paint paint = paint_for(stdout);
    struct left remains = left_in_file(reader, file);
    print_counts(&counts, file, reader_name(reader), &paint);
    print_left(&remains);
    print_running(reader, counts.running);
    int error = rows_column(reader, "error");
    char what[512], time[32], identity[17];
    int64_t left = counts.failed;
    if (left > 0)
        printf("\nfailed\n");
    for (int64_t row = 0; row < reader_count(reader) && left > counts.failed - FAILURES_SHOWN;
         row++) {
        if (!is_failure(reader_status(reader, row)))
            continue;
        describe(what, sizeof what, reader, row);
        rows_identity(identity, reader, row);
        printf("  %s  %s: %s\n", identity, what, error >= 0 ? reader_text(reader, error, row) : "");
        left--;
        if (left == 0)
            break;
    }
    if (left > 0)
        printf("  ... and %" PRId64 " more; --json lists them all\n", left);
    int64_t slowest[SLOWEST_SHOWN];
    int count = find_slowest(slowest, SLOWEST_SHOWN, reader, false);
    if (count > 0)
        printf("\nslowest\n");
    for (int i = 0; i < count; i++) {
        describe(what, sizeof what, reader, slowest[i]);
        show_seconds(time, sizeof time, rows_seconds(reader, slowest[i]));
        printf("  %8s  %s\n", time, what);
    }
}

static void print_run(const struct reader *reader, int64_t row)
{
    char identity[17], what[512];
    rows_identity(identity, reader, row);
    describe(what, sizeof what, reader, row);
    fputs("{\"run\": ", stdout);
    json_text(stdout, identity);
    json_member(stdout, "keys", what);
}

static void print_json_left(const struct left *left)
{
    fputs(", \"left\": ", stdout);
    if (!isfinite(left->seconds)) {
        fputs("null", stdout);
        return;
    }
    fputs("{\"seconds\": ", stdout);
    json_number(stdout, left->seconds);
    fputs(", \"low\": ", stdout);
    json_number(stdout, left->low);
    fputs(", \"high\": ", stdout);
    json_number(stdout, left->high);
    putchar('}');
}

static void print_json_running(const struct reader *reader)
{
    static const char *const columns[] = {"steps_done", "test_loss"};
    const char *separator = "";
    fputs(", \"at_work\": [", stdout);
    for (int64_t row = 0; row < reader_count(reader); row++) {
        if (reader_status(reader, row) != ROW_RUNNING)
            continue;
        fputs(separator, stdout);
        print_run(reader, row);
        fputs(", \"seconds\": ", stdout);
        json_number(stdout, rows_seconds(reader, row));
        for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) {
            printf(", \"%s\": ", columns[c]);
            json_number(stdout, rows_number(reader, columns[c], row));
        }
        putchar('}');
        separator = ", ";
    }
    putchar(']');
}

static void print_json(const struct reader *reader, const char *file)
{
    struct row_counts counts = rows_count(reader);
    json_begin(stdout, "status");
    json_member(stdout, "file", file);
    json_member(stdout, "name", reader_name(reader));
    printf(", \"runs\": %" PRId64 ", \"done\": %" PRId64 ", \"failed\": %" PRId64
           ", \"running\": %" PRId64 ", \"pending\": %" PRId64,
           counts.runs, counts.done, counts.failed, counts.running, counts.pending);
    printf(", \"diverged\": %" PRId64 ", \"timeout\": %" PRId64 ", \"stopped\": %" PRId64
           ", \"retired\": %" PRId64,
           counts.diverged, counts.timeout, counts.stopped, counts.retired);
    struct left left = left_in_file(reader, file);
    print_json_left(&left);
    int error = rows_column(reader, "error");
    const char *separator = ", \"failures\": [";
    for (int64_t row = 0; row < reader_count(reader); row++) {
        if (!is_failure(reader_status(reader, row)))
            continue;
        fputs(separator, stdout);
        print_run(reader, row);
        json_member(stdout, "error", error >= 0 ? reader_text(reader, error, row) : "");
        putchar('}');
        separator = ", ";
    }
    fputs(separator[2] ? ", \"failures\": []" : "]", stdout);
    int64_t slowest[SLOWEST_SHOWN];
    int count = find_slowest(slowest, SLOWEST_SHOWN, reader, false);
    fputs(", \"slowest\": [", stdout);
    for (int i = 0; i < count; i++) {
        fputs(i ? ", " : "", stdout);
        print_run(reader, slowest[i]);
        fputs(", \"seconds\": ", stdout);
        json_number(stdout, rows_seconds(reader, slowest[i]));
        putchar('}');
    }
    putchar(']');
    print_json_running(reader);
    fputs("}\n", stdout);
}

/* "12 of 30 runs done, 1 failed, 2 running, 15 pending": a look for a file or a pipe. */
static void print_line(const struct row_counts *counts)
{
    printf("%" PRId64 " of %" PRId64 " runs done, %" PRId64 " failed, %" PRId64 " running, %" PRId64
           " pending\n",
           counts->done, counts->runs, counts->failed, counts->running, counts->pending);
}

static void nap(double seconds)
{
    struct timespec time = {(time_t)seconds, (long)(fmod(seconds, 1) * 1e9)};
    nanosleep(&time, NULL);
}

/* One look at the file as it is now. *over: nothing waits in it and nothing is at work, or it was
 * to be the only look. */
static enum status look(bool *over, const struct options *options, struct error *err)
{
    static const char redraw[] = "\033[H\033[J"; /* from the upper left corner on, all anew */
    const char *file = options->words[0];
    struct reader *reader;
    enum status st = reader_open(&reader, file, err);
    if (st != OK)
        return st;
    struct row_counts counts = rows_count(reader);
    bool watching = options->watch > 0, terminal = isatty(STDOUT_FILENO);
    if (options->json) {
        print_json(reader, file);
    } else if (watching && !terminal) {
        print_line(&counts);
    } else {
        fputs(watching ? redraw : "", stdout);
        print_text(reader, file);
    }
    fflush(stdout);
    *over = !watching || counts.running + counts.pending == 0;
    reader_close(reader);
    return OK;
}

enum status cmd_status(int *code, const struct command *self, int argc, char **argv,
                       struct error *err)
{
    static const struct argp_option rows[] = {
        {"json", OPTION_JSON, NULL, 0, "One JSON object; of --watch one a look", 0},
        {"watch", OPTION_WATCH, "SECONDS", OPTION_ARG_OPTIONAL,
         "Look again and again (default: every 2 s) until all runs have ended, or Ctrl-C", 0},
        {0},
    };
    struct options options;
    enum status st = options_parse(&options, self, rows, NULL, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = options_words(&options, self, 1, 1, "the result file", err);
    if (st != OK)
        return st;
    *code = 0;
    bool over = options.watch == 0;
    do {
        st = look(&over, &options, err);
        if (!over && st == OK)
            nap(options.watch);
    } while (!over && st == OK);
    return st;
}
