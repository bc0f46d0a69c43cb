#include "create.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "contents.h"
#include "folder.h"
#include "hdf.h"
#include "seal.h"

enum { ANALYSES_TEXT = 4096 };

/* "gd alignment probe" */
static void analyses_text(char *text, size_t size, uint64_t analyses)
{
    size_t used = 0;
    text[0] = 0;
    for (int a = 0; a < run_analyses() && used < size; a++)
        if (analyses >> a & 1)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? " " : "",
                                     run_analysis_name(a));
}

/* What the bits of `analysed` mean, as CF says it. */
static void analyses_attributes(struct hdf *hdf, hid_t dataset, uint64_t analyses)
{
    char names[ANALYSES_TEXT];
    uint64_t masks[RUN_ANALYSES_MAX];
    int count = 0;
    for (int a = 0; a < run_analyses(); a++)
        if (analyses >> a & 1)
            masks[count++] = UINT64_C(1) << a;
    if (count == 0)
        return;
    analyses_text(names, sizeof names, analyses);
    hdf_attribute_array(hdf, dataset, "flag_masks", HDF_U64, masks, count);
    hdf_attribute_text(hdf, dataset, "flag_meanings", names);
}

static void root_attributes(struct hdf *hdf, const struct layout *layout,
                            const struct store_provenance *from)
{
    char now[32], analyses[ANALYSES_TEXT];
    analyses_text(analyses, sizeof analyses, layout->analyses);
    time_t seconds = time(NULL);
    struct tm utc;
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    const struct {
        const char *name, *value;
    } texts[] = {
        {"format", "mesasweep"},
        {"name", layout->name},
        {"about", layout->about},
        {"sweep", layout->sweep},
        {"overrides", layout->overrides},
        {"points", layout->points},
        {"analyses", analyses},
        {"created", now},
        {"version", from->version},
        {"commit", from->commit},
        {"compiler", from->compiler},
        {"isa", from->isa},
        {"host", from->host},
        {"slurm_job", from->slurm_job},
        {"rng", "philox4x32-10, xoshiro128+: src/science.md, section 3"},
        {"default", "results"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        hdf_attribute_text(hdf, hdf->file, texts[i].name, texts[i].value ? texts[i].value : "");
    const struct {
        const char *name;
        int32_t value;
    } numbers[] = {{"format_version", FORMAT_VERSION}, {"results_version", RESULTS_VERSION},
                   {"quick", layout->quick},           {"ranks", from->ranks},
                   {"shard", layout->shard.index},     {"shards", layout->shard.count}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        hdf_attribute(hdf, hdf->file, numbers[i].name, HDF_I32, &numbers[i].value);
}

static void config_group(struct hdf *hdf, const struct layout *layout)
{
    hid_t group = hdf_group(hdf, hdf->file, "config");
    for (int k = 0; k < layout->constant_count; k++) {
        const struct layout_key *row = &layout->constant[k];
        enum hdf_type type = hdf_type_of_key(row->key->type);
        int64_t value;
        if (type == HDF_TEXT) {
            hdf_attribute_text(hdf, group, row->key->name, row->value);
            continue;
        }
        hdf_type_parse(&value, type, row->value);
        hdf_attribute(hdf, group, row->key->name, type, &value);
    }
}

/* `given`: columns that are known now, swept keys and steps. xarray takes them for coordinates, and
 * with them those that runs write for the points of an axis. */
static void coordinate_attributes(struct hdf *hdf, hid_t group, const struct layout *layout)
{
    struct text names = {0};
    for (int k = 0; k < layout->swept_count; k++)
        text_print(&names, "%s%s", names.length ? " " : "", layout->swept[k].key->name);
    if (layout->axes[AXIS_EVALUATION].length > 0)
        text_print(&names, "%sstep", names.length ? " " : "");
    hdf_attribute_text(hdf, group, "given", names.data ? names.data : "");
    for (int a = 0; a < AXIS_COUNT; a++)
        if (layout->axes[a].length > 0 && layout->axes[a].coordinate)
            text_print(&names, "%s%s", names.length ? " " : "", layout->axes[a].coordinate);
    hdf_attribute_text(hdf, group, "coordinates", names.data ? names.data : "");
    text_dispose(&names);
}

/* Viewers that know NeXus draw the curves at once. */
static void results_attributes(struct hdf *hdf, hid_t group, const struct layout *layout)
{
    const char *signal = NULL;
    for (int c = 0; c < layout->column_count && !signal; c++)
        if (layout->columns[c]->axes[0] == AXIS_EVALUATION)
            signal = layout->columns[c]->name;
    hdf_attribute_text(hdf, group, "name", layout->name);
    coordinate_attributes(hdf, group, layout);
    if (!signal)
        return;
    const char *axes[] = {".", layout->same_steps ? "step" : "evaluation"};
    hdf_attribute_text(hdf, group, "NX_class", "NXdata");
    hdf_attribute_text(hdf, group, "signal", signal);
    hdf_attribute_texts(hdf, group, "axes", axes, 2);
}

/* Viewers that know NeXus show the first matrix of a group of weights as a picture, run by run, and
 * its others of the same shape beside it. `rows` begin with those of the group. */
static void picture_attributes(struct hdf *hdf, hid_t group, const struct dataset *rows, int count)
{
    enum { OTHERS = 16 };
    const char *others[OTHERS];
    const struct dataset *first = NULL;
    int other_count = 0;
    for (int i = 0; i < count && strcmp(rows[i].group, rows[0].group) == 0; i++) {
        if (!rows[i].picture)
            continue;
        if (!first)
            first = &rows[i];
        else if (rows[i].rank == first->rank && other_count < OTHERS &&
                 memcmp(rows[i].size, first->size, sizeof first->size) == 0)
            others[other_count++] = rows[i].name;
    }
    if (!first)
        return;
    hdf_attribute_text(hdf, group, "NX_class", "NXdata");
    hdf_attribute_text(hdf, group, "signal", first->name);
    if (other_count > 0)
        hdf_attribute_texts(hdf, group, "auxiliary_signals", others, other_count);
}

static void status_type(struct hdf *hdf, hid_t group)
{
    const char *names[ROW_STATUS_COUNT];
    for (int i = 0; i < ROW_STATUS_COUNT; i++)
        names[i] = row_status_name((enum row_status)i);
    hdf_status_type(hdf, group, "status_type", names, ROW_STATUS_COUNT);
}

static void status_attributes(struct hdf *hdf, hid_t dataset)
{
    int8_t values[ROW_STATUS_COUNT];
    char meanings[16 * ROW_STATUS_COUNT], *end = meanings;
    for (int i = 0; i < ROW_STATUS_COUNT; i++) {
        values[i] = (int8_t)i;
        end += sprintf(end, "%s%s", i ? " " : "", row_status_name((enum row_status)i));
    }
    hdf_attribute_array(hdf, dataset, "flag_values", HDF_I8, values, ROW_STATUS_COUNT);
    hdf_attribute_text(hdf, dataset, "flag_meanings", meanings);
}

/* Opens the group, making what is missing of its path. */
static hid_t open_group(struct hdf *hdf, const char *path)
{
    char part[sizeof((struct dataset *)0)->group];
    hid_t group = hdf->file;
    for (const char *end = path; *end && hdf->status == OK;) {
        end += strcspn(end + 1, "/") + 1;
        snprintf(part, sizeof part, "%.*s", (int)(end - path), path);
        if (H5Lexists(hdf->file, part, H5P_DEFAULT) > 0)
            group = hdf_check(hdf, H5Gopen2(hdf->file, part, H5P_DEFAULT), "open a group");
        else
            group = hdf_group(hdf, hdf->file, part);
    }
    return group;
}

static hid_t make_dataset(struct hdf *hdf, hid_t group, const struct dataset *row,
                          const hid_t *scales)
{
    hsize_t size[LAYOUT_DIMENSIONS];
    for (int i = 0; i < row->rank; i++)
        size[i] = (hsize_t)row->size[i];
    if (row->type == HDF_STATUS)
        status_type(hdf, group);
    hid_t id = hdf_dataset(hdf, group, row->name, row->type, row->rank, size);
    char dimension[80];
    snprintf(dimension, sizeof dimension,
             "This is a netCDF dimension but not a netCDF variable.%10lld",
             (long long)row->size[0]);
    if (row->scale)
        hdf_set_scale(hdf, id, row->content == CONTENT_DIMENSION ? dimension : row->name);
    for (int i = 0; i < row->rank; i++)
        if (row->scales[i] >= 0)
            hdf_attach_scale(hdf, id, scales[row->scales[i]], i);
    if (row->unit)
        hdf_attribute_text(hdf, id, "units", row->unit);
    if (row->about)
        hdf_attribute_text(hdf, id, "long_name", row->about);
    if (row->picture)
        hdf_attribute_text(hdf, id, "interpretation", "image");
    if (row->type == HDF_LETTER)
        hdf_attribute_text(hdf, id, "_Encoding", "utf-8");
    if (row->type == HDF_STATUS)
        status_attributes(hdf, id);
    int32_t part = row->part;
    if (part >= 0)
        hdf_attribute(hdf, id, "tensor", HDF_I32, &part);
    return id;
}

static void make_datasets(struct hdf *hdf, hid_t *ids, const struct dataset *rows, int count,
                          const struct layout *layout)
{
    hid_t group = -1;
    for (int i = 0; i < count && hdf->status == OK; i++) {
        if (i == 0 || strcmp(rows[i].group, rows[i - 1].group) != 0) {
            if (group >= 0)
                H5Gclose(group);
            group = open_group(hdf, rows[i].group);
            if (i == 0)
                results_attributes(hdf, group, layout);
            picture_attributes(hdf, group, rows + i, count - i);
        }
        ids[i] = make_dataset(hdf, group, &rows[i], ids);
        if (strcmp(rows[i].name, "analysed") == 0)
            analyses_attributes(hdf, ids[i], layout->analyses);
    }
}

void create_contents(struct hdf *hdf, const struct layout *layout,
                     const struct store_provenance *provenance)
{
    int count;
    struct dataset *rows = layout_datasets(&count, layout);
    hid_t *ids = memory_zeroed((size_t)count, sizeof *ids);
    root_attributes(hdf, layout, provenance);
    make_datasets(hdf, ids, rows, count, layout);
    open_group(hdf, "weights"); /* also when no run keeps any */
    if (hdf->status == OK)
        contents_write(hdf, ids, rows, count, layout);
    config_group(hdf, layout);
    free(ids);
    free(rows);
}

static enum status check_space(const char *path, int64_t bytes, struct error *err)
{
    int64_t room = folder_free(path);
    if (bytes <= room)
        return OK;
    return error_set(err, ERR_IO,
                     "%s: needs %.1f MB, there is room for %.1f MB; free some space, name another "
                     "file with -o, or make the sweep smaller",
                     path, (double)bytes / 1e6, (double)room / 1e6);
}

enum status create_temporary(char *temporary, const char *path, const struct layout *layout,
                             const struct store_provenance *provenance, struct error *err)
{
    int64_t bytes = layout_measure(layout, NULL, NULL);
    enum status status = check_space(path, bytes, err);
    if (status == OK)
        status = folder_temporary(temporary, PATH_MAX, path, err);
    if (status != OK)
        return status;
    struct hdf hdf;
    hdf_create(&hdf, temporary, path, err);
    if (hdf.status == OK)
        hdf.status = folder_reserve(temporary, path, bytes, err);
    if (hdf.status == OK)
        create_contents(&hdf, layout, provenance);
    status = hdf_close(&hdf);
    if (status != OK)
        unlink(temporary); /* nothing half made stays */
    return status;
}

enum status create_file(const char *path, const struct layout *layout,
                        const struct store_provenance *provenance, struct error *err)
{
    char temporary[PATH_MAX];
    struct stat info;
    if (lstat(path, &info) == 0)
        return error_set(err, ERR_IO, "%s: exists already", path);
    enum status status = create_temporary(temporary, path, layout, provenance, err);
    if (status != OK)
        return status;
    status = seal_write(temporary, path, err);
    if (status == OK)
        status = folder_publish(temporary, path, err);
    if (status != OK)
        unlink(temporary);
    return status;
}
