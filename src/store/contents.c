#include "contents.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { CHUNK = 256, IDENTITY_SIZE = SUMMARY_IDENTITY + 1 };

/* Runs first .. first+count-1, described. */
struct chunk {
    struct layout_run runs[CHUNK];
    char identity[CHUNK][IDENTITY_SIZE];
    int64_t first, count;
    void *values, *steps; /* memory of the runs */
};

static struct chunk *chunk_create(const struct layout *layout)
{
    size_t values = (size_t)layout->swept_count + 1;
    size_t steps = (size_t)layout->axes[AXIS_EVALUATION].length + 1;
    struct chunk *chunk = memory_zeroed(1, sizeof *chunk);
    char(*text)[KEY_TEXT_SIZE] = chunk->values = memory_zeroed(CHUNK * values, sizeof *text);
    int64_t *step = chunk->steps = memory_zeroed(CHUNK * steps, sizeof *step);
    for (size_t i = 0; i < CHUNK; i++) {
        chunk->runs[i].values = text + i * values;
        chunk->runs[i].steps = step + i * steps;
    }
    return chunk;
}

static void chunk_destroy(struct chunk *chunk)
{
    free(chunk->values);
    free(chunk->steps);
    free(chunk);
}

static void chunk_fill(struct chunk *chunk, const struct layout *layout, int64_t first)
{
    chunk->first = first;
    chunk->count = layout->runs - first < CHUNK ? layout->runs - first : CHUNK;
    for (int64_t i = 0; i < chunk->count; i++) {
        layout->describe(&chunk->runs[i], layout, first + i);
        snprintf(chunk->identity[i], IDENTITY_SIZE, "%016" PRIx64, chunk->runs[i].identity);
    }
}

/* ---- values for each run */

static const char *text_of(const struct dataset *row, const struct chunk *chunk,
                           const struct layout *layout, int64_t i)
{
    int class = layout->weights_class[chunk->first + i];
    switch (row->content) {
    case CONTENT_IDENTITY:
        return chunk->identity[i];
    case CONTENT_CONFIG:
        return chunk->runs[i].config;
    case CONTENT_KEY:
        return chunk->runs[i].values[row->which];
    default:
        return class < 0 ? "" : layout->classes[class].name;
    }
}

/* The bytes of the row of run i of the chunk. */
static void put_row(unsigned char *to, const struct dataset *row, const struct chunk *chunk,
                    const struct layout *layout, int64_t i)
{
    const struct layout_run *run = &chunk->runs[i];
    if (row->type == HDF_TEXT) {
        const char *text = text_of(row, chunk, layout, i);
        memcpy(to, &text, sizeof text);
    } else if (row->content == CONTENT_KEY) {
        hdf_type_parse(to, row->type, run->values[row->which]);
    } else if (row->content == CONTENT_STEP) {
        memcpy(to, run->steps, (size_t)dataset_row_bytes(row));
    } else if (row->content == CONTENT_ROW) {
        memcpy(to, &layout->weights_row[chunk->first + i], sizeof *layout->weights_row);
    } else {
        strncpy((char *)to, row_status_name(ROW_PENDING), STATE_LETTERS);
    }
}

static bool for_each_run(const struct dataset *row, const struct layout *layout)
{
    if (row->content == CONTENT_STEP) /* a step for each evaluation, in all runs or in each */
        return !layout->same_steps;
    return row->content >= CONTENT_IDENTITY;
}

static void write_chunk(struct hdf *hdf, hid_t id, const struct dataset *row,
                        const struct chunk *chunk, const struct layout *layout)
{
    size_t bytes = row->type == HDF_TEXT ? sizeof(char *) : (size_t)dataset_row_bytes(row);
    unsigned char *buffer = memory_zeroed(CHUNK, bytes);
    for (int64_t i = 0; i < chunk->count; i++)
        put_row(buffer + (size_t)i * bytes, row, chunk, layout, i);
    hdf_write_rows(hdf, id, chunk->first, chunk->count, buffer);
    free(buffer);
}

/* ---- the same for all runs */

static void write_index(struct hdf *hdf, hid_t id, int64_t length)
{
    int32_t *numbers = memory_zeroed((size_t)length, sizeof *numbers);
    for (int32_t i = 0; i < length; i++)
        numbers[i] = i;
    hdf_write_rows(hdf, id, 0, length, numbers);
    free(numbers);
}

static void write_axis(struct hdf *hdf, hid_t id, const struct layout_axis *axis)
{
    if (axis->labels) {
        hdf_write_rows(hdf, id, 0, axis->length, axis->labels);
    } else if (axis->value) {
        double *values = memory_zeroed((size_t)axis->length, sizeof *values);
        for (int i = 0; i < axis->length; i++)
            values[i] = axis->value(i);
        hdf_write_rows(hdf, id, 0, axis->length, values);
        free(values);
    } else {
        write_index(hdf, id, axis->length);
    }
}

static void write_members(struct hdf *hdf, hid_t id, const struct dataset *row,
                          const struct layout *layout, char (*identities)[IDENTITY_SIZE])
{
    const char **texts = memory_zeroed((size_t)row->size[0] + 1, sizeof *texts);
    for (int64_t i = 0; i < layout->runs; i++)
        if (layout->weights_class[i] == row->which)
            texts[layout->weights_row[i]] = identities[i];
    hdf_write_rows(hdf, id, 0, row->size[0], texts);
    free(texts);
}

/* ---- the summary */

static hid_t summary_type(struct hdf *hdf, const struct summary *summary)
{
    hid_t type = H5Tcreate(H5T_COMPOUND, (size_t)summary->bytes);
    for (int m = 0; m < summary->count; m++) {
        const struct summary_member *member = &summary->members[m];
        hid_t own = member->type == HDF_LETTER ? hdf_letters_type(hdf, member->size)
                                               : hdf_type_make(hdf, member->type);
        hdf_check(hdf, H5Tinsert(type, member->name, (size_t)member->offset, own),
                  "make the summary");
        H5Tclose(own);
    }
    return type;
}

static void put_summary(unsigned char *to, const struct summary *summary, const struct chunk *chunk,
                        const struct layout *layout, int64_t i)
{
    static const double none = __builtin_nan("");
    for (int m = 0; m < summary->count; m++) {
        const struct summary_member *member = &summary->members[m];
        char *at = (char *)to + member->offset;
        int k = m - 2;
        if (m == 0)
            memcpy(at, chunk->identity[i], SUMMARY_IDENTITY);
        else if (m == 1)
            strncpy(at, row_status_name(ROW_PENDING), STATE_LETTERS);
        else if (k >= layout->swept_count)
            memcpy(at, &none, sizeof none);
        else if (member->type == HDF_LETTER)
            strncpy(at, chunk->runs[i].values[k], (size_t)member->size);
        else
            hdf_type_parse(at, member->type, chunk->runs[i].values[k]);
    }
}

/* The table and what is needed to fill it. */
struct table {
    struct summary summary;
    hid_t id;
    unsigned char *buffer; /* [CHUNK] rows */
};

static struct table table_create(struct hdf *hdf, const struct layout *layout)
{
    struct table table = {.summary = layout_summary(layout)};
    table.buffer = memory_zeroed(CHUNK, (size_t)table.summary.bytes);
    hid_t type = summary_type(hdf, &table.summary);
    table.id = hdf_table(hdf, "summary", type, layout->runs);
    H5Tclose(type);
    return table;
}

static void table_write(struct hdf *hdf, const struct table *table, const struct chunk *chunk,
                        const struct layout *layout)
{
    for (int64_t i = 0; i < chunk->count; i++)
        put_summary(table->buffer + i * table->summary.bytes, &table->summary, chunk, layout, i);
    hdf_write_rows(hdf, table->id, chunk->first, chunk->count, table->buffer);
}

static void table_dispose(struct table *table)
{
    free(table->summary.members);
    free(table->buffer);
}

/* ---- all of it */

/* What is the same for all runs, or has another order than theirs. `any` is a chunk whose first run
 * was row 0 once, and still has its steps. */
static void write_common(struct hdf *hdf, hid_t id, const struct dataset *row,
                         const struct layout *layout, const struct chunk *any,
                         char (*identities)[IDENTITY_SIZE])
{
    if (row->content == CONTENT_INDEX)
        write_index(hdf, id, row->size[0]);
    else if (row->content == CONTENT_AXIS)
        write_axis(hdf, id, &layout->axes[row->which]);
    else if (row->content == CONTENT_SNAPSHOTS)
        hdf_write_rows(hdf, id, 0, row->size[0], layout->classes[row->which].steps);
    else if (row->content == CONTENT_MEMBERS)
        write_members(hdf, id, row, layout, identities);
    else if (row->content == CONTENT_STEP && layout->same_steps)
        hdf_write_rows(hdf, id, 0, row->size[0], any->runs[0].steps);
}

void contents_write(struct hdf *hdf, const hid_t *ids, const struct dataset *rows, int count,
                    const struct layout *layout)
{
    struct chunk *chunk = chunk_create(layout);
    struct table table = table_create(hdf, layout);
    char(*identities)[IDENTITY_SIZE] = memory_zeroed((size_t)layout->runs, sizeof *identities);
    for (int64_t first = 0; first < layout->runs && hdf->status == OK; first += CHUNK) {
        chunk_fill(chunk, layout, first);
        memcpy(identities[first], chunk->identity, (size_t)chunk->count * IDENTITY_SIZE);
        for (int i = 0; i < count; i++)
            if (for_each_run(&rows[i], layout))
                write_chunk(hdf, ids[i], &rows[i], chunk, layout);
        table_write(hdf, &table, chunk, layout);
    }
    for (int i = 0; i < count; i++)
        write_common(hdf, ids[i], &rows[i], layout, chunk, identities);
    free(identities);
    table_dispose(&table);
    chunk_destroy(chunk);
}
