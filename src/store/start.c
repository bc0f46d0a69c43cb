#include "store/start.h"

#include <stdlib.h>
#include <string.h>

#include "base/files.h"
#include "base/memory.h"
#include "run/start.h"
#include "writer.h"

static int64_t find_row(const struct store *store, uint64_t identity)
{
    for (int64_t row = 0; row < store->map.runs; row++)
        if (store->identity[row] == identity)
            return row;
    return -1;
}

/* Whether what the row says is what was written there. */
static bool is_whole(const struct store *store, int64_t row)
{
    const struct map_column *column = map_find(&store->map.results, "checksum");
    struct place place = writer_place(store, row);
    unsigned char *image = memory_get(image_bytes(&store->map, place.class) + 1);
    uint64_t checksum;
    bool whole =
        image_read(image, store->fd, &store->map, &place) == 0 &&
        map_read(store->fd, &checksum, column, row, 1) == 0 &&
        writer_prove(store, row, image, ROW_DONE, store->analysed[row]).checksum == checksum;
    free(image);
    return whole;
}

/* Row of the run, whose weights can be trusted. */
static enum status choose(int64_t *row, const struct store *store, const struct run_config *config,
                          struct error *err)
{
    const char *run = config->start.run.text, *path = store->path;
    *row = find_row(store, start_identity(config));
    if (*row < 0)
        return error_set(err, ERR_FILE,
                         "start.run: %s has no run %s; 'mesasweep table %s --columns=run' lists "
                         "them",
                         path, run, path);
    enum row_status status = writer_status(store, *row);
    if (status != ROW_DONE)
        return error_set(err, ERR_FILE,
                         "start.run: run %s of %s is %s; name one that is done, 'mesasweep table "
                         "%s --where=status=done --columns=run' lists them",
                         run, path, row_status_name(status), path);
    if (store->class[*row] < 0)
        return error_set(err, ERR_FILE,
                         "start.run: run %s of %s kept no weights (keep.weights: none); train it "
                         "into another file",
                         run, path);
    if (!is_whole(store, *row))
        return error_set(err, ERR_FILE,
                         "start.run: the row of run %s of %s is damaged; 'mesasweep resume %s' "
                         "runs it again",
                         run, path, path);
    return OK;
}

static enum status read_weights(float *weights, const struct store *store,
                                const struct run_config *config, struct error *err)
{
    int64_t row;
    struct run_config from;
    char *canonical = NULL;
    float *kept = NULL;
    size_t bytes = 0;
    enum status st = choose(&row, store, config, err);
    if (st == OK)
        st = writer_config(&canonical, store, row, err);
    if (st == OK)
        st = plan_config_of(&from, canonical, err);
    if (st == OK) {
        bytes = store_weights_bytes(store, row);
        kept = memory_zeroed(1, bytes + 1);
        st = store_weights((unsigned char *)kept, store, row, err);
    }
    if (st == OK)
        st = start_map(weights, config, &from, kept, bytes / sizeof *kept, err);
    free(canonical);
    free(kept);
    return st;
}

enum status start_weights(float **weights, size_t *count, const struct run_config *config,
                          struct error *err)
{
    struct model model;
    struct store *store;
    *weights = NULL;
    *count = 0;
    if (!start_wanted(config))
        return OK;
    const char *file = config->start.file.text;
    if (strcmp(file, "none") == 0)
        return error_set(err, ERR_CONFIG,
                         "start.run: nothing says where the run %s is; name in start.file the "
                         "result file that has it",
                         config->start.run.text);
    if (!files_there(file))
        return error_set(err, ERR_FILE,
                         "start.file: %s is not there; run the sweep that makes it first, or say "
                         "where it is",
                         file);
    enum status st = run_check(config, &model, err);
    if (st != OK)
        return st;
    st = writer_open_file(&store, file, 0, err);
    if (st != OK)
        return error_in(err, st, "start.file");
    float *found = memory_zeroed(model.parameters, sizeof *found);
    st = read_weights(found, store, config, err);
    store_close(store);
    if (st != OK) {
        free(found);
        return st;
    }
    *weights = found;
    *count = model.parameters;
    return OK;
}
