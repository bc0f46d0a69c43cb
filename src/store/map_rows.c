/* Rows of columns, through a file descriptor. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "map.h"

int map_read(int fd, void *data, const struct map_column *column, int64_t first, int64_t count)
{
    unsigned char *to = data;
    size_t left = (size_t)count * column->row;
    off_t at = column->offset + first * (int64_t)column->row;
    while (left > 0) {
        ssize_t got = pread(fd, to, left, at);
        if (got == 0)
            errno = EIO; /* the end of the file: it was cut after it was opened */
        if (got <= 0 && errno != EINTR)
            return -1;
        if (got < 0)
            continue;
        to += got;
        at += got;
        left -= (size_t)got;
    }
    return 0;
}

int map_write_at(int fd, const void *data, size_t bytes, int64_t offset)
{
    const unsigned char *from = data;
    while (bytes > 0) {
        ssize_t put = pwrite(fd, from, bytes, offset);
        if (put == 0)
            errno = ENOSPC;
        if (put <= 0 && errno != EINTR)
            return -1;
        if (put < 0)
            continue;
        from += put;
        offset += put;
        bytes -= (size_t)put;
    }
    return 0;
}

int map_write(int fd, const void *data, const struct map_column *column, int64_t row)
{
    return map_write_at(fd, data, column->row, column->offset + row * (int64_t)column->row);
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
        if (map_write_at(fd, some > 1 ? gathered : rows[done] + at, some * row,
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
