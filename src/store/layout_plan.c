/* From a plan to a layout: one walk over all configurations finds the columns that some run fills,
 * the longest axes, the classes of weights and the keys that differ. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "layout.h"
#include "run/kinds.h"

void layout_config(struct run_config *config, const struct layout *layout, int64_t index)
{
    int64_t listed = plan_count(layout->plan);
    if (index >= listed) {
        *config = layout->rows->retired[index - listed];
        return;
    }
    plan_config(layout->plan, index, config);
    if (layout->rows)
        config->keep = layout->rows->keep[index];
}

static void describe(struct layout_run *run, const struct layout *layout, int64_t index)
{
    struct run_config config;
    layout_config(&config, layout, index);
    run->identity = index < plan_count(layout->plan) ? plan_identity(layout->plan, index)
                                                     : plan_identity_of(&config);
    int length = plan_printer_text(layout->printer, &config, run->config, sizeof run->config);
    assert(length >= 0 && (size_t)length < sizeof run->config);
    for (int k = 0; k < layout->swept_count; k++)
        schema_print(&run_schema, &config, layout->swept[k].index, run->values[k], KEY_TEXT_SIZE);
    if (layout->same_steps && index > 0)
        return;
    for (int e = 0; e < layout->axes[AXIS_EVALUATION].length; e++)
        run->steps[e] =
            e < config.train.evaluations ? run_evaluation_step(&config, e) : (int64_t)-1;
}

static bool same_tensors(const struct layout_class *class, const struct model *model, int snapshots)
{
    if (class->tensor_count != model->tensor_count || class->snapshots != snapshots)
        return false;
    for (int t = 0; t < model->tensor_count; t++) {
        const struct tensor *a = &class->tensors[t], *b = &model->tensors[t];
        if (a->layer != b->layer || strcmp(a->name, b->name) != 0 || a->rank != b->rank ||
            memcmp(a->shape, b->shape, sizeof a->shape) != 0)
            return false;
    }
    return true;
}

static int add_class(struct layout *layout, const char *name, const struct model *model,
                     int snapshots)
{
    int place = layout->class_count++;
    size_t bytes = (size_t)model->tensor_count * sizeof *model->tensors;
    layout->classes =
        memory_grow(layout->classes, (size_t)layout->class_count * sizeof *layout->classes);
    struct layout_class *class = &layout->classes[place];
    *class = (struct layout_class){
        .tensors = memory_get(bytes), .tensor_count = model->tensor_count, .snapshots = snapshots};
    memcpy(class->tensors, model->tensors, bytes);
    snprintf(class->name, sizeof class->name, "%s", name);
    return place;
}

/* The class of a model: runs of equal tensors and as many snapshots, which the name says. Other
 * tensors under the same name: name_2, ... */
static int find_class(struct layout *layout, const struct model *model, int snapshots)
{
    enum { SUFFIX = 12 };
    char base[sizeof layout->classes->name - SUFFIX], name[sizeof layout->classes->name];
    model_class(model, base, sizeof base);
    size_t length = strlen(base);
    if (snapshots > 0)
        snprintf(base + length, sizeof base - length, "_at%d", snapshots);
    snprintf(name, sizeof name, "%s", base);
    for (int n = 2;; n++) {
        int c = 0;
        while (c < layout->class_count && strcmp(layout->classes[c].name, name) != 0)
            c++;
        if (c == layout->class_count)
            return add_class(layout, name, model, snapshots);
        if (same_tensors(&layout->classes[c], model, snapshots))
            return c;
        snprintf(name, sizeof name, "%s_%d", base, n);
    }
}

/* A place in class c for the weights of a run. */
static void add_weights(struct layout *layout, int64_t index, int c, const struct keep *keep)
{
    struct layout_class *class = &layout->classes[c];
    size_t bytes = (size_t)keep->count * sizeof *keep->steps;
    layout->weights_class[index] = c;
    layout->weights_row[index] = (int32_t) class->runs++;
    if (keep->count == 0)
        return;
    class->steps = memory_grow(class->steps, (size_t) class->runs * bytes);
    memcpy(class->steps + (class->runs - 1) * keep->count, keep->steps, bytes);
}

/* What the walk over the runs remembers. */
struct walk {
    struct run_config first; /* of run 0 */
    bool *applies;           /* [run_columns()]: some run fills the column */
    struct kinds *kinds;
    int *classes; /* of each kind: its class of weights, -1: none */
    int class_size;
    /* Of the last run, to which the next one is similar: */
    struct run_config last;
    struct keep keep;
};

/* What the first run of a kind adds to the layout for all of them. */
static enum status add_kind(struct layout *layout, struct walk *walk, int kind,
                            const struct run_config *config, struct error *err)
{
    struct model model;
    enum status status = run_check(config, &model, err);
    if (status != OK)
        return status;
    for (int c = 0; c < run_columns(); c++)
        if (!walk->applies[c])
            walk->applies[c] = run_column_applies(config, plan_analyses(layout->plan), c);
    for (enum column_axis a = AXIS_NONE + 1; a < AXIS_COUNT; a++) {
        int length = run_axis_length(config, a);
        if (length > layout->axes[a].length)
            layout->axes[a].length = length;
    }
    if (config->train.steps != walk->first.train.steps ||
        config->train.evaluations != walk->first.train.evaluations)
        layout->same_steps = false;
    if (kind == walk->class_size) {
        walk->class_size = 2 * kind + 16;
        walk->classes =
            memory_grow(walk->classes, (size_t)walk->class_size * sizeof *walk->classes);
    }
    walk->classes[kind] = walk->keep.weights ? find_class(layout, &model, walk->keep.count) : -1;
    return OK;
}

/* What one run adds to the layout. */
static enum status add_run(struct layout *layout, struct walk *walk, int64_t index,
                           struct error *err)
{
    struct run_config config;
    int kind, known = kinds_count(walk->kinds);
    layout_config(&config, layout, index);
    if (index == 0 || memcmp(&config.keep, &walk->last.keep, sizeof config.keep) != 0)
        walk->keep = run_keep(&config);
    enum status status = kinds_find(&kind, walk->kinds, &config, err);
    if (status == OK && kind == known)
        status = add_kind(layout, walk, kind, &config, err);
    if (status != OK)
        return status;
    for (int k = 0; k < layout->swept_count; k++) {
        char text[KEY_TEXT_SIZE];
        int key = layout->swept[k].index, width = 0;
        if (index == 0 || !schema_equal(&run_schema, &config, &walk->last, key))
            width = schema_print(&run_schema, &config, key, text, sizeof text);
        if (width > layout->swept[k].width)
            layout->swept[k].width = width;
    }
    walk->last = config;
    if (index % (1 + layout->runs / 256) == 0) { /* the longest of a sample will do, and some */
        int64_t bytes = (plan_printer_text(layout->printer, &config, NULL, 0) + 32) * layout->runs;
        layout->config_bytes = bytes > layout->config_bytes ? bytes : layout->config_bytes;
    }
    layout->weights_class[index] = layout->weights_row[index] = -1;
    if (walk->classes[kind] >= 0)
        add_weights(layout, index, walk->classes[kind], &walk->keep);
    return OK;
}

/* Whether a key of results has another value in a retired run than in `first`. */
static bool varies_in_retired(const struct layout_rows *rows, const struct run_config *first, int k)
{
    bool varies = false;
    for (int64_t i = 0; rows && i < rows->retired_count && !varies; i++)
        varies = schema_key(&run_schema, k)->role == ROLE_SCIENCE &&
                 !schema_equal(&run_schema, &rows->retired[i], first, k);
    return varies;
}

static void list_keys(struct layout *layout, const struct run_config *first)
{
    const int *keys;
    int swept = plan_swept(layout->plan, &keys), all = schema_keys(&run_schema), next = 0;
    layout->swept = memory_zeroed((size_t)all + 1, sizeof *layout->swept);
    layout->constant = memory_zeroed((size_t)all + 1, sizeof *layout->constant);
    for (int k = 0; k < all; k++) {
        bool listed = next < swept && keys[next] == k;
        bool varies = listed || varies_in_retired(layout->rows, first, k);
        struct layout_key *row = varies ? &layout->swept[layout->swept_count++]
                                        : &layout->constant[layout->constant_count++];
        next += listed;
        row->key = schema_key(&run_schema, k);
        row->index = k;
        if (!varies)
            schema_print(&run_schema, first, k, row->value, sizeof row->value);
    }
}

static void list_columns(struct layout *layout, const bool *applies)
{
    bool needed[AXIS_COUNT] = {false};
    layout->columns = memory_zeroed((size_t)run_columns() + 1, sizeof *layout->columns);
    for (int c = 0; c < run_columns(); c++) {
        if (!applies[c])
            continue;
        layout->columns[layout->column_count++] = run_column(c);
        for (int i = 0; i < COLUMN_AXES; i++)
            needed[run_column(c)->axes[i]] = true;
    }
    for (enum column_axis a = AXIS_NONE + 1; a < AXIS_COUNT; a++) {
        struct layout_axis *axis = &layout->axes[a];
        axis->name = run_axis(a)->name;
        axis->about = run_axis(a)->about;
        axis->unit = run_axis(a)->unit;
        axis->coordinate = run_axis(a)->coordinate;
        axis->labels = run_axis(a)->labels;
        axis->value = run_axis(a)->value;
        if (!needed[a] && a != AXIS_EVALUATION)
            axis->length = 0;
    }
}

enum status layout_plan(struct layout *layout, const struct plan *plan,
                        const struct layout_rows *rows, struct error *err)
{
    int64_t runs = plan_count(plan) + (rows ? rows->retired_count : 0);
    *layout = (struct layout){.name = plan_name(plan),
                              .about = plan_about(plan),
                              .sweep = plan_text(plan),
                              .overrides = plan_overrides(plan),
                              .points = plan_points(plan),
                              .quick = plan_quick(plan),
                              .analyses = plan_analyses(plan),
                              .shard = plan_shard(plan),
                              .runs = runs,
                              .same_steps = true,
                              .describe = describe,
                              .plan = plan,
                              .rows = rows};
    if (runs == 0)
        return error_set(err, ERR_CONFIG, "%s: no run is left to do", plan_name(plan));
    enum status status = plan_printer_create(&layout->printer, PLAN_TEXT_CANONICAL, err);
    if (status != OK)
        return status;
    struct walk walk = {.kinds = NULL};
    status = kinds_create(&walk.kinds, err);
    layout_config(&walk.first, layout, 0);
    walk.applies = memory_zeroed((size_t)run_columns() + 1, sizeof *walk.applies);
    layout->weights_class = memory_zeroed((size_t)runs, sizeof *layout->weights_class);
    layout->weights_row = memory_zeroed((size_t)runs, sizeof *layout->weights_row);
    list_keys(layout, &walk.first);
    for (int64_t i = 0; i < runs && status == OK; i++)
        status = add_run(layout, &walk, i, err);
    if (status == OK)
        list_columns(layout, walk.applies);
    else
        layout_dispose(layout);
    kinds_destroy(walk.kinds);
    free(walk.classes);
    free(walk.applies);
    return status;
}
