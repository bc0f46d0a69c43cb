/* The doors that begin with a plan: measuring and creating. */
#include <string.h>

#include "create.h"
#include "folder.h"
#include "writer.h"

enum status store_measure(struct store_size *size, const struct plan *plan, const char *path,
                          void (*say)(void *context, const char *column, int64_t bytes),
                          void *context, struct error *err)
{
    struct layout layout;
    enum status status = layout_plan(&layout, plan, NULL, err);
    if (status != OK)
        return status;
    *size = (struct store_size){layout_measure(&layout, say, context), folder_free(path)};
    layout_dispose(&layout);
    return OK;
}

enum status store_create(const char *path, const struct plan *plan,
                         const struct store_provenance *provenance, struct error *err)
{
    struct layout layout;
    enum status status = layout_plan(&layout, plan, NULL, err);
    if (status != OK)
        return status;
    status = create_file(path, &layout, provenance, err);
    layout_dispose(&layout);
    return status;
}

/* ---- opening */

static uint64_t identity_of(const void *plan, int64_t run)
{
    return plan_identity(plan, run);
}

/* Keys of the schema by their place in it, the steps of the evaluations behind them. */
static int key_of(const char *name)
{
    return strcmp(name, "step") == 0 ? schema_keys(&run_schema) : schema_find(&run_schema, name);
}

static void put_steps(unsigned char *row, int count, const struct run_config *config)
{
    for (int e = 0; e < count; e++) {
        int64_t step = e < config->train.evaluations ? run_evaluation_step(config, e) : (int64_t)-1;
        memcpy(row + (size_t)e * sizeof step, &step, sizeof step);
    }
}

static void given(unsigned char *image, const struct map *map, const void *plan, int64_t run)
{
    struct run_config config;
    char text[KEY_TEXT_SIZE];
    const int steps = schema_keys(&run_schema);
    plan_config(plan, run, &config);
    for (int c = 0; c < map->results.count; c++) {
        const struct map_column *column = &map->results.columns[c];
        int k = column->covered ? column->key : -1;
        if (k >= 0 && k < steps && column->rank == 0) {
            schema_print(&run_schema, &config, k, text, sizeof text);
            hdf_type_parse(image + column->place, column->type, text);
        } else if (k == steps && column->rank == 1 && column->type == HDF_I64) {
            put_steps(image + column->place, column->size[0], &config);
        }
    }
}

static const char *column_name(int i)
{
    return run_column(i)->name;
}

static enum status open_with(struct store **store, const char *path, const struct plan *plan,
                             int flags, struct error *err)
{
    struct roster roster = {.runs = plan_count(plan),
                            .identity = identity_of,
                            .key = key_of,
                            .given = given,
                            .context = plan,
                            .column_count = run_columns(),
                            .column = column_name,
                            .analysis = run_column_analysis,
                            .analyses = plan_analyses(plan)};
    return writer_open(store, path, &roster, flags, err);
}

enum status store_open(struct store **store, const char *path, const struct plan *plan,
                       bool break_lock, struct error *err)
{
    return open_with(store, path, plan, OPEN_ALL | (break_lock ? OPEN_BREAK_LOCK : 0), err);
}

enum status store_look(struct store **store, const char *path, const struct plan *plan,
                       struct error *err)
{
    return open_with(store, path, plan, 0, err);
}

enum status writer_open_file(struct store **store, const char *path, int flags, struct error *err)
{
    struct roster roster = {
        .column_count = run_columns(), .column = column_name, .analysis = run_column_analysis};
    return writer_open(store, path, &roster, flags, err);
}
