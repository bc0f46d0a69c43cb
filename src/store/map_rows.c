/* Rows of columns, through a file descriptor. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/files.h"
#include "map.h"

int map_read(int fd, void *data, const struct map_column *column, int64_t first, int64_t count)
{
    const size_t bytes = (size_t)count * column->row;
    ssize_t got = files_read_at(fd, data, bytes, column->offset + first * (int64_t)column->row);
    if (got >= 0 && (size_t)got < bytes)
        errno = EIO; /* the end of the file: it was cut after it was opened */
    return got == (ssize_t)bytes ? 0 : -1;
}

int map_write(int fd, const void *data, const struct map_column *column, int64_t row)
{
    return files_write_at(fd, data, column->row, column->offset + row * (int64_t)column->row);
}

int map_write_rows(int fd, const unsigned char *const *rows, size_t at, int count,
                   const struct map_column *column, int64_t first)
{
    enum { TOGETHER = 64 * 1024 };
    unsigned char gathered[TOGETHER];
    const size_t row = column->row, most = row > 0 && row < TOGETHER ? TOGETHER / row : 1;
    for (size_t done = 0, some; done < (size_t)count; done += some) {
        some = (size_t)count - done < most ? (size_t)count - done : most;
        for (size_t i = 0; some > 1 && i < some; i++)
            memcpy(gathered + i * row, rows[done + i] + at, row);
        if (files_write_at(fd, some > 1 ? gathered : rows[done] + at, some * row,
                           column->offset + (first + (int64_t)done) * (int64_t)row) != 0)
            return -1;
    }
    return 0;
}

double map_last(const struct map_column *column, const unsigned char *row)
{
    double value = (double)NAN;
    size_t each = (size_t)hdf_type_size(column->type);
    for (size_t at = column->row; at >= each && !isfinite(value); at -= each) {
        float f32;
        int32_t i32;
        if (column->type == HDF_F64) {
            memcpy(&value, row + at - each, sizeof value);
        } else if (column->type == HDF_F32) {
            memcpy(&f32, row + at - each, sizeof f32);
            value = (double)f32;
        } else if (column->type == HDF_I32) {
            memcpy(&i32, row + at - each, sizeof i32);
            value = i32 < 0 ? (double)NAN : i32;
        }
    }
    return isfinite(value) ? value : (double)NAN;
}
