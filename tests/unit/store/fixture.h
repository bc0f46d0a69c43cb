/* fixture.h - a small layout made by hand, with one of everything: every type of key and column,
 * columns of no, one and three axes, two classes of weights, runs without weights.
 *
 * Run i: depth 1 + i % 2, so classes A (1 layer) and B (2 layers) alternate; every fifth run keeps
 * no weights. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../src/store/create.h"
#include "../../../src/store/writer.h"
#include "run/record.h"

enum { EVALUATIONS = 5, LAYERS = 3, POSITIONS = 4, TARGETS = 2 };
enum { TRAIN_LOSS, TEST_LOSS, RATIO, STEPS_DONE, PROBE, FIXTURE_COLUMNS };

static const struct column fixture_columns[FIXTURE_COLUMNS] = {
    {"train_loss", COLUMN_F32, {AXIS_EVALUATION}, LEVEL_BITS, false, "1", "training loss"},
    {"test_loss", COLUMN_F32, {AXIS_EVALUATION}, LEVEL_BITS, true, "1", "test loss"},
    {"ratio", COLUMN_F64, {AXIS_NONE}, LEVEL_BITS, true, "1", "ratio of losses"},
    {"steps_done", COLUMN_I32, {AXIS_NONE}, LEVEL_BITS, true, "1", "updates made"},
    {"probe_r2",
     COLUMN_F32,
     {AXIS_LAYER, AXIS_POSITION, AXIS_TARGET},
     LEVEL_BLAS,
     false,
     "1",
     "R² of a linear probe"},
};

static const struct key fixture_keys[] = {
    {.name = "model.depth", .type = KEY_INT, .unit = "layers", .help = "layers"},
    {.name = "train.rate", .type = KEY_REAL, .unit = "1", .help = "learning rate"},
    {.name = "tokens.kind", .type = KEY_CHOICE, .help = "tokens"},
    {.name = "model.shared", .type = KEY_BOOL, .unit = "1", .help = "shared weights"},
    {.name = "seed", .type = KEY_LONG, .unit = "1", .help = "seed"},
};
static const struct key fixture_constants[] = {
    {.name = "task.kind", .type = KEY_CHOICE, .help = "task"},
    {.name = "task.dimension", .type = KEY_INT, .unit = "1", .help = "d"},
};

#define TENSOR(l, n, r, ...)                                                                       \
    {                                                                                              \
        .layer = l, .name = n, .about = "the tensor " n, .rank = r, .shape = { __VA_ARGS__ }       \
    }
static struct tensor fixture_tensors[] = {
    TENSOR(0, "query", 2, 4, 6),   TENSOR(0, "project", 2, 6, 4), TENSOR(1, "query", 2, 4, 6),
    TENSOR(1, "project", 2, 6, 4), TENSOR(-1, "scale", 1, 3),
};
#undef TENSOR

static inline uint64_t fixture_identity(int64_t run)
{
    return (uint64_t)(run + 1) * 0x9E3779B97F4A7C15u;
}

static inline void fixture_describe(struct layout_run *run, const struct layout *layout,
                                    int64_t index)
{
    static const char *const kinds[] = {"joint", "séparé"};
    run->identity = fixture_identity(index);
    snprintf(run->config, sizeof run->config, "model.depth=%d\nseed=%d\n", (int)(1 + index % 2),
             (int)index);
    snprintf(run->values[0], KEY_TEXT_SIZE, "%d", (int)(1 + index % 2));
    snprintf(run->values[1], KEY_TEXT_SIZE, "%.17g", 0.001 * (double)(index + 1));
    snprintf(run->values[2], KEY_TEXT_SIZE, "%s", kinds[index % 2]);
    snprintf(run->values[3], KEY_TEXT_SIZE, "%s", index % 3 ? "true" : "false");
    snprintf(run->values[4], KEY_TEXT_SIZE, "%lld", 9007199254740993ll + (long long)index);
    for (int e = 0; e < EVALUATIONS; e++)
        run->steps[e] =
            layout->same_steps || e < 4 ? e * (index % 2 && !layout->same_steps ? 20 : 25) : -1;
}

static const char *const fixture_targets[] = {"x", "gradient", NULL};

static inline void fixture_axis(struct layout *layout, enum column_axis axis, const char *name,
                                int length)
{
    layout->axes[axis] =
        (struct layout_axis){.name = name, .about = name, .unit = "1", .length = length};
}

static inline void fixture_fill(struct layout *layout, int64_t runs)
{
    *layout = (struct layout){.name = "depth – Tiefe",
                              .about = "a test",
                              .sweep = "name: test\ngrid: {seed: {count: 5}}\n",
                              .overrides = "train.steps=100\n",
                              .points = "{\"seed\": 9}\n",
                              .quick = true,
                              .runs = runs,
                              .same_steps = true,
                              .describe = fixture_describe,
                              .config_bytes = 40 * runs};
    fixture_axis(layout, AXIS_EVALUATION, "evaluation", EVALUATIONS);
    fixture_axis(layout, AXIS_LAYER, "layer", LAYERS);
    fixture_axis(layout, AXIS_POSITION, "position", POSITIONS);
    fixture_axis(layout, AXIS_TARGET, "target", TARGETS);
    layout->axes[AXIS_TARGET].labels = fixture_targets;
    layout->columns = calloc(FIXTURE_COLUMNS, sizeof *layout->columns);
    for (int c = 0; c < FIXTURE_COLUMNS; c++)
        layout->columns[layout->column_count++] = &fixture_columns[c];
    layout->swept = calloc(5, sizeof *layout->swept);
    for (int k = 0; k < 5; k++)
        layout->swept[layout->swept_count++] = (struct layout_key){&fixture_keys[k], "", 8, k};
    layout->constant = calloc(2, sizeof *layout->constant);
    layout->constant[layout->constant_count++] =
        (struct layout_key){&fixture_constants[0], "linear_regression", 0, 0};
    layout->constant[layout->constant_count++] =
        (struct layout_key){&fixture_constants[1], "10", 0, 1};
    layout->classes = calloc(2, sizeof *layout->classes);
    layout->class_count = 2;
    for (int c = 0; c < 2; c++) {
        int tensors = c ? 5 : 2;
        struct layout_class *class = &layout->classes[c];
        snprintf(class->name, sizeof class->name, "L%d_H1_K6_D4", c + 1);
        class->tensor_count = tensors;
        class->tensors = malloc(sizeof fixture_tensors);
        memcpy(class->tensors, fixture_tensors, sizeof fixture_tensors);
    }
    layout->weights_class = calloc((size_t)runs, sizeof(int32_t));
    layout->weights_row = calloc((size_t)runs, sizeof(int32_t));
    for (int64_t i = 0; i < runs; i++) {
        int c = i % 5 == 4 ? -1 : (int)(i % 2);
        layout->weights_class[i] = c;
        layout->weights_row[i] = c < 0 ? -1 : (int32_t)layout->classes[c].runs++;
    }
}

static const struct store_provenance fixture_provenance = {
    "0.1.0", "abc", "clang -O2", "avx2", "here", NULL, 2};

/* Creates `path` (which must not exist) for `runs` runs. */
static inline void fixture_create(const char *path, int64_t runs)
{
    struct layout layout;
    struct error err = {""};
    fixture_fill(&layout, runs);
    enum status status = create_file(path, &layout, &fixture_provenance, &err);
    if (status != OK)
        fprintf(stderr, "%s\n", err.text);
    assert(status == OK);
    layout_dispose(&layout);
}

/* ---- the writer's side */

static inline uint64_t fixture_roster_identity(const void *context, int64_t run)
{
    (void)context;
    return fixture_identity(run);
}

static inline int fixture_key(const char *name)
{
    int k = 4;
    while (k >= 0 && strcmp(fixture_keys[k].name, name) != 0)
        k--;
    return k;
}

static inline void fixture_given(unsigned char *image, const struct map *map, const void *context,
                                 int64_t run)
{
    (void)context;
    char values[5][KEY_TEXT_SIZE];
    int64_t steps[EVALUATIONS];
    struct layout_run facts = {.values = values, .steps = steps};
    struct layout layout = {.same_steps = true};
    fixture_describe(&facts, &layout, run);
    for (int k = 0; k < 5; k++) {
        const struct map_column *column = map_find(&map->results, fixture_keys[k].name);
        if (column && column->covered)
            hdf_type_parse(image + column->place, column->type, values[k]);
    }
}

static inline const char *fixture_column_name(int i)
{
    return fixture_columns[i].name;
}

static inline enum status fixture_try_open(struct store **store, const char *path, int64_t runs,
                                           struct error *err)
{
    struct roster roster = {.runs = runs,
                            .identity = fixture_roster_identity,
                            .key = fixture_key,
                            .given = fixture_given,
                            .column_count = FIXTURE_COLUMNS,
                            .column = fixture_column_name};
    return writer_open(store, path, &roster, OPEN_ALL, err);
}

static inline struct store *fixture_open(const char *path, int64_t runs)
{
    struct store *store = NULL;
    struct error err = {""};
    enum status status = fixture_try_open(&store, path, runs, &err);
    if (status != OK)
        fprintf(stderr, "%s\n", err.text);
    assert(status == OK);
    return store;
}

/* What run i has in column c (tensors: 100 + t) at its element j. */
static inline double fixture_value(int64_t run, int c, int j)
{
    return (double)(run * 1000 + c * 100 + j % 97) + 0.5 * (c != STEPS_DONE);
}

/* Own sizes of run i in a column: odd runs are shorter than the file on every axis. */
static inline void fixture_shape(int32_t shape[3], int64_t run, int c)
{
    int32_t less = (int32_t)(run % 2);
    shape[0] = shape[1] = shape[2] = 1;
    if (c == TRAIN_LOSS || c == TEST_LOSS)
        shape[0] = EVALUATIONS - less;
    if (c == PROBE) {
        shape[0] = LAYERS - less;
        shape[1] = POSITIONS - less;
        shape[2] = TARGETS - less;
    }
}

static inline void fixture_part(struct record *record, int64_t run, enum part_kind kind, int index,
                                int c, enum column_type type, const int32_t shape[3])
{
    int count = shape[0] * shape[1] * shape[2];
    unsigned char data[1024];
    size_t each = type == COLUMN_F64 ? 8 : 4;
    for (int j = 0; j < count; j++) {
        double f64 = fixture_value(run, c, j);
        float f32 = (float)f64;
        int32_t i32 = (int32_t)f64;
        const void *value = type == COLUMN_F64   ? (const void *)&f64
                            : type == COLUMN_F32 ? (const void *)&f32
                                                 : &i32;
        memcpy(data + (size_t)j * each, value, each);
    }
    record_put(record, kind, index, shape, data, (size_t)count * each);
}

/* The record of run i, in memory that the caller frees. */
static inline struct record fixture_record(int64_t run)
{
    struct record record = {malloc(8192), 8192, 0};
    for (int c = 0; c < FIXTURE_COLUMNS; c++) {
        int32_t shape[3];
        fixture_shape(shape, run, c);
        fixture_part(&record, run, PART_COLUMN, c, c, fixture_columns[c].type, shape);
    }
    int tensors = run % 5 == 4 ? 0 : run % 2 ? 5 : 2;
    for (int t = 0; t < tensors; t++) {
        const struct tensor *tensor = &fixture_tensors[t];
        int32_t shape[3] = {tensor->shape[0], tensor->rank > 1 ? tensor->shape[1] : 1, 1};
        fixture_part(&record, run, PART_TENSOR, t, 100 + t, COLUMN_F32, shape);
    }
    return record;
}

static const struct row_log fixture_log = {.attempt = 1,
                                           .rank = 3,
                                           .seconds = 1.5,
                                           .started = 1e9,
                                           .finished = 1e9 + 1.5,
                                           .host = "node017"};

static inline enum status fixture_commit(struct store *store, int64_t run, enum row_status status,
                                         struct error *err)
{
    struct record record = fixture_record(run);
    enum status result =
        store_commit(store, run, status, record.memory, record.used, &fixture_log, err);
    free(record.memory);
    return result;
}

#endif
