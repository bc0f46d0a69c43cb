#include "layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum hdf_type hdf_type_of_key(enum key_type type)
{
    static const enum hdf_type types[] = {
        [KEY_INT] = HDF_I32, [KEY_LONG] = HDF_I64,    [KEY_REAL] = HDF_F64,
        [KEY_BOOL] = HDF_I8, [KEY_CHOICE] = HDF_TEXT, [KEY_TEXT] = HDF_TEXT,
    };
    return types[type];
}

enum hdf_type hdf_type_of_column(enum column_type type)
{
    static const enum hdf_type types[] = {
        [COLUMN_F64] = HDF_F64, [COLUMN_F32] = HDF_F32, [COLUMN_I32] = HDF_I32};
    return types[type];
}

int64_t dataset_row_bytes(const struct dataset *dataset)
{
    int64_t bytes = hdf_type_size(dataset->type);
    for (int i = 1; i < dataset->rank; i++)
        bytes *= dataset->size[i];
    return bytes;
}

/* The list while it grows. */
struct list {
    struct dataset *rows;
    int count, room;
    int run, axes[AXIS_COUNT]; /* places of the scales of the group that is being listed */
    const struct layout *layout;
};

/* Adds a copy of `row`; returns its place. */
static int add(struct list *list, const struct dataset *row)
{
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 64;
        list->rows = memory_grow(list->rows, (size_t)list->room * sizeof *list->rows);
    }
    list->rows[list->count] = *row;
    return list->count++;
}

static struct dataset dataset(const char *group, const char *name, enum hdf_type type,
                              enum content content, const char *about)
{
    struct dataset row = {.type = type, .content = content, .about = about, .part = -1};
    snprintf(row.group, sizeof row.group, "%s", group);
    snprintf(row.name, sizeof row.name, "%s", name);
    for (int i = 0; i < LAYOUT_DIMENSIONS; i++)
        row.scales[i] = -1;
    return row;
}

static int add_scale(struct list *list, struct dataset row, int64_t length)
{
    row.rank = 1;
    row.size[0] = length;
    row.scale = true;
    return add(list, &row);
}

static void extend(struct dataset *row, const struct list *list, int scale)
{
    row->scales[row->rank] = scale;
    row->size[row->rank++] = list->rows[scale].size[0];
}

static void add_run_scale(struct list *list, const char *group)
{
    list->run =
        add_scale(list, dataset(group, "run", HDF_TEXT, CONTENT_IDENTITY, "identity of the run"),
                  list->layout->runs);
}

/* One value for each run, in the group of the scale `run`. */
static struct dataset column(const struct list *list, const char *name, enum hdf_type type,
                             enum content content, const char *about)
{
    struct dataset row = dataset(list->rows[list->run].group, name, type, content, about);
    extend(&row, list, list->run);
    return row;
}

static void add_column(struct list *list, const char *name, enum hdf_type type,
                       enum content content, const char *unit, const char *about)
{
    struct dataset row = column(list, name, type, content, about);
    row.unit = unit;
    add(list, &row);
}

/* Text that is written later: a netCDF character array. */
static void add_letters(struct list *list, const char *name, int letters, enum content content,
                        const char *about)
{
    char dimension[32];
    snprintf(dimension, sizeof dimension, "letters%d", letters);
    int scale = add_scale(
        list, dataset(list->rows[list->run].group, dimension, HDF_I8, CONTENT_DIMENSION, NULL),
        letters);
    struct dataset row = column(list, name, HDF_LETTER, content, about);
    extend(&row, list, scale);
    add(list, &row);
}

static const char step_about[] = "training step of the evaluation";

static void add_axes(struct list *list)
{
    add_run_scale(list, "results");
    for (int a = AXIS_NONE + 1; a < AXIS_COUNT; a++) {
        const struct layout_axis *axis = &list->layout->axes[a];
        if (axis->length == 0)
            continue;
        struct dataset row = dataset("results", axis->name,
                                     axis->labels  ? HDF_TEXT
                                     : axis->value ? HDF_F64
                                                   : HDF_I32,
                                     CONTENT_AXIS, axis->about);
        row.which = a;
        row.unit = axis->unit;
        if (a == AXIS_EVALUATION && list->layout->same_steps) { /* the real values */
            row.type = HDF_I64;
            row.content = CONTENT_STEP;
            row.unit = "steps";
            row.about = step_about;
        }
        list->axes[a] = add_scale(list, row, axis->length);
    }
}

static void add_given(struct list *list)
{
    add_column(list, "status", HDF_STATUS, CONTENT_FILL, NULL, "state of the run");
    add_letters(list, "state", STATE_LETTERS, CONTENT_STATE, "status as text");
    add_column(list, "checksum", HDF_U64, CONTENT_FILL, "1",
               "XXH64 over identity, numbers, weights and status of the run");
    add_column(list, "analysed", HDF_U64, CONTENT_FILL, "1",
               "analyses that the run has, a bit each");
    add_column(list, "config", HDF_TEXT, CONTENT_CONFIG, NULL,
               "canonical text: the keys that decide what is computed");
    add_column(list, "weights_class", HDF_TEXT, CONTENT_CLASS, NULL,
               "group of /weights that holds the run");
    add_column(list, "weights_row", HDF_I32, CONTENT_ROW, "1",
               "row of the run in its group of /weights, -1: none");
    for (int k = 0; k < list->layout->swept_count; k++) {
        const struct key *key = list->layout->swept[k].key;
        struct dataset row =
            column(list, key->name, hdf_type_of_key(key->type), CONTENT_KEY, key->help);
        row.which = k;
        row.unit = key->unit;
        add(list, &row);
    }
}

/* The steps of the evaluations: one list when they are the same in every run. */
static void add_step(struct list *list)
{
    if (!list->axes[AXIS_EVALUATION])
        return;
    struct dataset row = list->layout->same_steps
                             ? dataset("results", "step", HDF_I64, CONTENT_STEP, step_about)
                             : column(list, "step", HDF_I64, CONTENT_STEP, step_about);
    row.unit = "steps";
    extend(&row, list, list->axes[AXIS_EVALUATION]);
    add(list, &row);
}

static void add_results(struct list *list)
{
    for (int c = 0; c < list->layout->column_count; c++) {
        const struct column *result = list->layout->columns[c];
        struct dataset row = column(list, result->name, hdf_type_of_column(result->type),
                                    CONTENT_FILL, result->about);
        row.unit = result->unit;
        for (int i = 0; i < COLUMN_AXES && result->axes[i] != AXIS_NONE; i++)
            extend(&row, list, list->axes[result->axes[i]]);
        add(list, &row);
    }
}

static void add_log(struct list *list)
{
    static const char time[] = "seconds since 1970-01-01";
    add_run_scale(list, "log");
    add_column(list, "attempt", HDF_I32, CONTENT_FILL, "1", "attempts, this one included");
    add_column(list, "seconds", HDF_F64, CONTENT_FILL, "s",
               "time of the run, in all attempts that went on from one another");
    add_column(list, "rank", HDF_I32, CONTENT_FILL, "1", "MPI rank");
    add_column(list, "started", HDF_F64, CONTENT_FILL, time, "start of the last attempt");
    add_column(list, "finished", HDF_F64, CONTENT_FILL, time, "end of the last attempt");
    add_letters(list, "host", LOG_HOST_LETTERS, CONTENT_FILL, "host of the last attempt");
    add_letters(list, "error", LOG_ERROR_LETTERS, CONTENT_FILL, "why the last attempt failed");
}

/* The tensors of a class under `group`; with an axis of snapshots behind that of runs if there are
 * any, and `part` for the first. */
static void add_tensors(struct list *list, int which, const char *group, int snapshots, int part)
{
    const struct layout_class *class = &list->layout->classes[which];
    for (int t = 0; t < class->tensor_count; t++) {
        const struct tensor *tensor = &class->tensors[t];
        struct dataset row = dataset(group, tensor->name, HDF_F32, CONTENT_FILL, tensor->about);
        size_t length = strlen(row.group);
        if (tensor->layer >= 0)
            snprintf(row.group + length, sizeof row.group - length, "/layer%d", tensor->layer);
        row.which = which;
        row.part = part + t;
        row.unit = "1";
        row.picture = tensor->rank == 2;
        row.size[row.rank++] = class->runs;
        if (snapshots > 0)
            row.size[row.rank++] = snapshots;
        for (int i = 0; i < tensor->rank; i++)
            row.size[row.rank++] = tensor->shape[i];
        add(list, &row);
    }
}

/* No scales: netCDF opens a dataset with all dimensions attached, or none. */
static void add_class(struct list *list, int which)
{
    const struct layout_class *class = &list->layout->classes[which];
    char group[sizeof((struct dataset *)0)->group];
    snprintf(group, sizeof group, "weights/%s", class->name);
    struct dataset row = dataset(group, "run", HDF_TEXT, CONTENT_MEMBERS, "identity of the run");
    row.rank = 1;
    row.size[0] = class->runs;
    row.which = which;
    add(list, &row);
    add_tensors(list, which, group, 0, 0);
    if (class->snapshots == 0)
        return;
    strcat(group, "/snapshots");
    row = dataset(group, "step", HDF_I64, CONTENT_SNAPSHOTS, "updates before the snapshot");
    row.unit = "steps";
    row.rank = 2;
    row.size[0] = class->runs;
    row.size[1] = class->snapshots;
    row.which = which;
    add(list, &row);
    add_tensors(list, which, group, class->snapshots, class->tensor_count);
}

struct dataset *layout_datasets(int *count, const struct layout *layout)
{
    struct list list = {.layout = layout};
    add_axes(&list);
    add_given(&list);
    add_step(&list);
    add_results(&list);
    add_log(&list);
    for (int c = 0; c < layout->class_count; c++)
        add_class(&list, c);
    *count = list.count;
    return list.rows;
}

static struct summary_member *member(struct summary *summary, const char *name, enum hdf_type type,
                                     int size)
{
    struct summary_member *row = &summary->members[summary->count++];
    *row = (struct summary_member){name, type, summary->bytes, size};
    summary->bytes += size;
    return row;
}

struct summary layout_summary(const struct layout *layout)
{
    size_t most = 2 + (size_t)layout->swept_count + (size_t)layout->column_count;
    struct summary summary = {memory_zeroed(most, sizeof *summary.members), 0, 0};
    member(&summary, "run", HDF_LETTER, SUMMARY_IDENTITY);
    member(&summary, "status", HDF_LETTER, STATE_LETTERS);
    for (int k = 0; k < layout->swept_count; k++) {
        const struct layout_key *swept = &layout->swept[k];
        enum hdf_type type = hdf_type_of_key(swept->key->type);
        if (type == HDF_TEXT)
            member(&summary, swept->key->name, HDF_LETTER, swept->width > 0 ? swept->width : 1);
        else
            member(&summary, swept->key->name, type, hdf_type_size(type));
    }
    for (int c = 0; c < layout->column_count; c++)
        if (layout->columns[c]->summary)
            member(&summary, layout->columns[c]->name, HDF_F64, 8);
    return summary;
}

/* Text lies in heaps of 4 KB, 16 bytes of head for each. */
static int64_t heap_bytes(const struct layout *layout, const struct dataset *row)
{
    if (row->type != HDF_TEXT)
        return 0;
    int64_t each = 64; /* labels and names of classes are shorter */
    if (row->content == CONTENT_IDENTITY || row->content == CONTENT_MEMBERS)
        each = 24;
    else if (row->content == CONTENT_KEY)
        each = layout->swept[row->which].width + 8;
    int64_t bytes = row->size[0] * (16 + each);
    return row->content == CONTENT_CONFIG ? layout->config_bytes + row->size[0] * 24 : bytes;
}

static int64_t length(const char *text)
{
    return text ? (int64_t)strlen(text) : 0;
}

int64_t layout_measure(const struct layout *layout,
                       void (*say)(void *context, const char *column, int64_t bytes), void *context)
{
    enum { OBJECT = 2048 }; /* header, attributes, share of the group's index */
    int count;
    struct dataset *rows = layout_datasets(&count, layout);
    struct summary summary = layout_summary(layout);
    int64_t total =
        65536 + length(layout->sweep) + length(layout->overrides) + length(layout->points);
    for (int i = 0; i < count; i++) {
        const struct dataset *row = &rows[i];
        int64_t bytes = row->size[0] * dataset_row_bytes(row) + heap_bytes(layout, row);
        total += bytes + OBJECT + (row->scale ? 128 * count : 0);
        char name[sizeof row->group + sizeof row->name];
        snprintf(name, sizeof name, "%s/%s", row->group, row->name);
        if (say)
            say(context, name, bytes);
    }
    int64_t bytes = layout->runs * summary.bytes;
    if (say)
        say(context, "summary", bytes);
    free(summary.members);
    free(rows);
    return total + bytes + OBJECT;
}

void layout_dispose(struct layout *layout)
{
    for (int c = 0; c < layout->class_count; c++) {
        free(layout->classes[c].tensors);
        free(layout->classes[c].steps);
    }
    free(layout->classes);
    free(layout->columns);
    free(layout->swept);
    free(layout->constant);
    free(layout->weights_class);
    free(layout->weights_row);
    plan_printer_destroy(layout->printer);
    *layout = (struct layout){0};
}
