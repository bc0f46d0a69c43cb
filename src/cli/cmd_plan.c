#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "estimate.h"
#include "json.h"
#include "plan_list.h"
#include "show.h"
#include "store/store.h"
#include "sweep.h"

enum { VALUES_SHOWN = 8, CONTENTS = 256 };

/* "1, 2, 3" of a swept key, in the order of the runs. */
static void print_values(const struct plan *plan, int key)
{
    char seen[VALUES_SHOWN][KEY_TEXT_SIZE];
    int count = 0;
    for (int64_t run = 0; run < plan_count(plan); run++) {
        struct run_config config;
        char value[KEY_TEXT_SIZE];
        plan_config(plan, run, &config);
        schema_print(&run_schema, &config, key, value, sizeof value);
        int i = 0;
        while (i < count && strcmp(seen[i], value) != 0)
            i++;
        if (i < count)
            continue;
        if (count == VALUES_SHOWN) {
            printf(", ...");
            break;
        }
        memcpy(seen[count++], value, sizeof value);
        printf("%s%s", i ? ", " : "", value);
    }
    putchar('\n');
}

/* What the file holds: a column each, and the tensors of a class of weights together. */
struct content {
    struct {
        char name[96];
        int64_t bytes;
    } parts[CONTENTS];
    int count;
};

static void add_column(void *context, const char *column, int64_t bytes)
{
    struct content *content = context;
    char name[sizeof content->parts[0].name];
    snprintf(name, sizeof name, "%s", column);
    char *class = strchr(name, '/');
    char *tensor = class ? strchr(class + 1, '/') : NULL;
    if (tensor)
        *tensor = '\0';
    int i = 0;
    while (i < content->count && strcmp(content->parts[i].name, name) != 0)
        i++;
    if (i == CONTENTS)
        i--; /* of very many the last ones are summed */
    if (i == content->count) {
        content->count++;
        content->parts[i].bytes = 0;
        memcpy(content->parts[i].name, name, sizeof name);
    }
    content->parts[i].bytes += bytes;
}

/* What takes a hundredth of the file or more, and the rest in one line. */
static void print_content(const struct content *content)
{
    int64_t total = 0, rest = 0;
    int small = 0;
    char bytes[32], others[64];
    for (int i = 0; i < content->count; i++)
        total += content->parts[i].bytes;
    struct cells *cells = cells_create(2);
    for (int i = 0; i < content->count; i++) {
        if (content->parts[i].bytes * 100 < total) {
            rest += content->parts[i].bytes;
            small++;
            continue;
        }
        show_bytes(bytes, sizeof bytes, (double)content->parts[i].bytes);
        cells_add(cells, content->parts[i].name);
        cells_add(cells, bytes);
    }
    snprintf(others, sizeof others, "%d others, smaller than 1 %% each", small);
    show_bytes(bytes, sizeof bytes, (double)rest);
    cells_add(cells, others);
    cells_add(cells, bytes);
    cells_print(cells, "lr", "  ", stdout);
    cells_destroy(cells);
}

static enum status print_plan(const struct plan *plan, const char *file, struct error *err)
{
    struct estimate estimate;
    struct store_size size;
    struct content content = {.count = 0};
    enum status st = estimate_plan(&estimate, plan, err);
    if (st == OK)
        st = store_measure(&size, plan, file, add_column, &content, err);
    if (st != OK)
        return st;
    printf("%s: %" PRId64 " runs\n", plan_name(plan), plan_count(plan));
    if (plan_about(plan)[0])
        printf("%s\n", plan_about(plan));
    if (plan_duplicates(plan) + plan_excluded(plan) + plan_unmet(plan) > 0)
        printf("left out: %" PRId64 " excluded, %" PRId64 " not as required, %" PRId64
               " equal to others\n",
               plan_excluded(plan), plan_unmet(plan), plan_duplicates(plan));
    const int *keys;
    int count = plan_swept(plan, &keys);
    printf("\nswept\n");
    for (int i = 0; i < count; i++) {
        printf("  %-20s ", schema_key(&run_schema, keys[i])->name);
        print_values(plan, keys[i]);
    }
    printf("\nin the file\n");
    print_content(&content);
    char bytes[32], free[32], memory[32], time[64];
    show_bytes(bytes, sizeof bytes, (double)size.total);
    show_bytes(free, sizeof free, (double)size.free);
    show_bytes(memory, sizeof memory, (double)estimate.memory);
    estimate_print(time, sizeof time, &estimate);
    printf("\n%s: at most %s, %s are free\nmemory: at most %s a run\ntime: %s\n", file, bytes, free,
           memory, time);
    return OK;
}

/* One object of keys for each run, a line each: what `points:` of a sweep reads. */
static void print_points(const struct plan *plan)
{
    for (int64_t run = 0; run < plan_count(plan); run++) {
        struct run_config config, fallback;
        plan_config(plan, run, &config);
        schema_defaults(&run_schema, &fallback);
        const char *separator = "{";
        for (int k = 0; k < schema_keys(&run_schema); k++) {
            if (schema_equal(&run_schema, &config, &fallback, k))
                continue;
            char value[KEY_TEXT_SIZE];
            schema_print(&run_schema, &config, k, value, sizeof value);
            fputs(separator, stdout);
            json_text(stdout, schema_key(&run_schema, k)->name);
            fputs(": ", stdout);
            json_value(stdout, value);
            separator = ", ";
        }
        printf("%s}\n", separator[0] == '{' ? "{" : "");
    }
}

enum status cmd_plan(int *code, const struct command *self, int argc, char **argv,
                     struct error *err)
{
    static const struct argp_option rows[] = {
        SWEEP_OPTION_ROWS,
        {"list", OPTION_LIST, NULL, 0, "A line for each run: memory, bytes and core-hours", 0},
        {"json", OPTION_JSON, NULL, 0, "One JSON object of keys for each run, a line each", 0},
        {0},
    };
    struct options options;
    enum status st = options_parse(&options, self, rows, NULL, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = sweep_words(&options, self, err);
    if (st == OK && options.list && options.json)
        st = error_set(err, ERR_USAGE, "mesasweep plan: --list and --json exclude each other");
    if (st != OK)
        return st;
    struct plan *plan;
    st = sweep_plan(&plan, &options, err);
    if (st != OK)
        return st;
    char file[4096];
    st = sweep_file(file, sizeof file, plan, &options, err);
    if (st == OK && options.json)
        print_points(plan);
    else if (st == OK && options.list)
        st = plan_list_print(plan, err);
    else if (st == OK)
        st = print_plan(plan, file, err);
    plan_destroy(plan);
    *code = 0;
    return st;
}
