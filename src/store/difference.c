/* Whether two results of one run agree, as far as they must. */
#include <math.h>
#include <string.h>

#include "image.h"
#include "run/run.h"

static bool is_exact(const char *name)
{
    for (int i = 0; i < run_columns(); i++)
        if (strcmp(run_column(i)->name, name) == 0)
            return run_column(i)->level == LEVEL_BITS;
    return true; /* keys and steps */
}

static double value(const unsigned char *at, enum hdf_type type)
{
    double f64;
    float f32;
    if (type == HDF_F32) {
        memcpy(&f32, at, sizeof f32);
        return (double)f32;
    }
    memcpy(&f64, at, sizeof f64);
    return f64;
}

/* Of floating-point numbers; two that are not finite agree. */
static bool is_near(const unsigned char *a, const unsigned char *b, const struct map_column *column)
{
    size_t each = (size_t)hdf_type_size(column->type);
    bool near = true;
    for (size_t at = 0; at < column->row && near; at += each) {
        double x = value(a + at, column->type), y = value(b + at, column->type);
        near = (!isfinite(x) && !isfinite(y)) || fabs(x - y) <= 1e-6 * fmax(fabs(x), fabs(y));
    }
    return near;
}

static bool agrees(const unsigned char *a, const unsigned char *b, const struct map_column *column)
{
    bool floats = column->type == HDF_F32 || column->type == HDF_F64;
    return memcmp(a, b, column->row) == 0 ||
           (floats && !is_exact(column->name) && is_near(a, b, column));
}

const char *image_difference(const unsigned char *a, const unsigned char *b, const struct map *map,
                             const struct map_class *class, uint64_t analyses)
{
    for (int c = 0; c < map->results.count; c++) {
        const struct map_column *column = &map->results.columns[c];
        if (image_covers(column, analyses) && !agrees(a + column->place, b + column->place, column))
            return column->name;
    }
    size_t tensors = map->results_bytes + map->log_bytes;
    for (int t = 0; class && t < class->tensors.count; t++) {
        const struct map_column *column = &class->tensors.columns[t];
        if (memcmp(a + tensors + column->place, b + tensors + column->place, column->row) != 0)
            return column->name;
    }
    return NULL;
}
