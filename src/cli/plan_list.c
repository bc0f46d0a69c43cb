#include "plan_list.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "estimate.h"
#include "show.h"

enum { CELLS = 256, CELL_SIZE = KEY_TEXT_SIZE };

/* One line while it is made; the widest of each column so far. */
struct line {
    int count;
    char cells[CELLS][CELL_SIZE];
    int widths[CELLS];
};

static char *next_cell(struct line *line)
{
    return line->cells[line->count++];
}

/* The cells that end a line: of one run, or of all. */
static void add_sizes(struct line *line, double memory, double bytes, double seconds)
{
    show_bytes(next_cell(line), CELL_SIZE, memory);
    show_bytes(next_cell(line), CELL_SIZE, bytes);
    snprintf(next_cell(line), CELL_SIZE, "%.3g", seconds / 3600);
}

static void add_head(struct line *line, const struct plan *plan)
{
    const int *keys;
    int count = plan_swept(plan, &keys);
    line->count = 0;
    snprintf(next_cell(line), CELL_SIZE, "run");
    for (int i = 0; i < count; i++)
        snprintf(next_cell(line), CELL_SIZE, "%s", schema_key(&run_schema, keys[i])->name);
    static const char *const sizes[] = {"memory", "bytes", "core-hours"};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        snprintf(next_cell(line), CELL_SIZE, "%s", sizes[i]);
}

static void add_run(struct line *line, const struct plan *plan, int64_t run,
                    const struct run_config *config, const struct estimate_run *estimate)
{
    const int *keys;
    int count = plan_swept(plan, &keys);
    line->count = 0;
    snprintf(next_cell(line), CELL_SIZE, "%016" PRIx64, plan_identity(plan, run));
    for (int i = 0; i < count; i++)
        schema_print(&run_schema, config, keys[i], next_cell(line), CELL_SIZE);
    add_sizes(line, (double)estimate->memory, (double)estimate->bytes, estimate->seconds);
}

static void add_total(struct line *line, const struct plan *plan, const struct estimate *estimate)
{
    const int *keys;
    line->count = 0;
    snprintf(next_cell(line), CELL_SIZE, "%" PRId64 " runs", plan_count(plan));
    for (int i = 0; i < plan_swept(plan, &keys); i++)
        next_cell(line)[0] = '\0';
    add_sizes(line, (double)estimate->memory, estimate->bytes, estimate->seconds);
}

static void widen(struct line *line)
{
    for (int i = 0; i < line->count; i++) {
        int width = (int)strlen(line->cells[i]);
        if (width > line->widths[i])
            line->widths[i] = width;
    }
}

static void print(struct line *line)
{
    for (int i = 0; i < line->count; i++)
        printf("%s%*s", i ? "  " : "", i ? line->widths[i] : -line->widths[0], line->cells[i]);
    putchar('\n');
}

/* Head, runs and the sum, each given to `use`. */
static enum status walk(struct line *line, const struct plan *plan, struct estimator *estimator,
                        void (*use)(struct line *line), struct error *err)
{
    struct estimate all = {0};
    enum status st = OK;
    add_head(line, plan);
    use(line);
    for (int64_t run = 0; run < plan_count(plan) && st == OK; run++) {
        struct run_config config;
        struct estimate_run one;
        plan_config(plan, run, &config);
        st = estimate_run(&one, estimator, &config, err);
        if (st != OK)
            continue;
        estimate_add(&all, &one);
        add_run(line, plan, run, &config, &one);
        use(line);
    }
    add_total(line, plan, &all);
    use(line);
    return st;
}

enum status plan_list_print(const struct plan *plan, struct error *err)
{
    struct line line = {.count = 0};
    struct estimator *estimator;
    enum status st = estimator_create(&estimator, plan, err);
    if (st != OK)
        return st;
    st = walk(&line, plan, estimator, widen, err);
    if (st == OK)
        st = walk(&line, plan, estimator, print, err);
    estimator_destroy(estimator);
    return st;
}
