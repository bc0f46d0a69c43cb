#include "hdf.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5_hl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard.h"

static bool failed(const struct hdf *hdf)
{
    return hdf->status != OK;
}

static void begin(struct hdf *hdf, const char *path, enum status blame, struct error *err)
{
    *hdf = (struct hdf){.path = path, .blame = blame, .err = err, .file = -1};
    H5dont_atexit(); /* after a close that failed the library would crash there */
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* one line of ours instead of the library's page */
    hdf->text = H5Tcopy(H5T_C_S1);
    if (hdf->text < 0 || H5Tset_size(hdf->text, H5T_VARIABLE) < 0 ||
        H5Tset_cset(hdf->text, H5T_CSET_UTF8) < 0)
        hdf_fail(hdf, "make a text type");
}

/* Earliest format (superblock 0: every tool opens it, live); no lock, which would refuse readers;
 * closing the file closes all; offsets are multiples of 8. */
static hid_t access_list(struct hdf *hdf)
{
    hid_t list = H5Pcreate(H5P_FILE_ACCESS);
    if (list < 0 || H5Pset_libver_bounds(list, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18) < 0 ||
        H5Pset_fclose_degree(list, H5F_CLOSE_STRONG) < 0 || H5Pset_alignment(list, 1, 8) < 0)
        hdf_fail(hdf, "set up the access to the file");
#if H5_VERSION_GE(1, 12, 1) || (H5_VERSION_GE(1, 10, 7) && !H5_VERSION_GE(1, 12, 0))
    if (!failed(hdf) && H5Pset_file_locking(list, false, true) < 0)
        hdf_fail(hdf, "switch off the lock of the file");
#endif
    return list;
}

void hdf_create(struct hdf *hdf, const char *name, const char *path, struct error *err)
{
    begin(hdf, path, ERR_IO, err);
    hid_t access = access_list(hdf), creation = H5Pcreate(H5P_FILE_CREATE);
    if (!failed(hdf) &&
        H5Pset_link_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) < 0)
        hdf_fail(hdf, "set up the file");
    if (!failed(hdf))
        hdf->file = hdf_check(hdf, H5Fcreate(name, H5F_ACC_EXCL, creation, access), "create");
    hdf_watch(hdf);
    H5Pclose(access);
    H5Pclose(creation);
}

void hdf_open(struct hdf *hdf, const char *path, struct error *err)
{
    begin(hdf, path, ERR_FILE, err);
    hid_t access = access_list(hdf);
    if (!failed(hdf))
        hdf->file = hdf_check(hdf, H5Fopen(path, H5F_ACC_RDONLY, access), "open");
    hdf_watch(hdf);
    H5Pclose(access);
}

int64_t hdf_bytes(struct hdf *hdf)
{
    struct stat info;
    if (failed(hdf))
        return -1;
    if (stat(hdf->path, &info) == 0)
        return info.st_size;
    hdf->status = error_set(hdf->err, ERR_IO, "%s: can not read: %s", hdf->path, strerror(errno));
    return -1;
}

/* A file that failed is thrown away, but HDF5 wants to finish it: on a full disk its close fails,
 * and the library then crashes at the end of the process. So the rest of it goes to memory. */
static void finish_elsewhere(struct hdf *hdf)
{
    int *fd = NULL, memory = memfd_create("mesasweep", MFD_CLOEXEC);
    if (memory >= 0 && H5Fget_vfd_handle(hdf->file, H5P_DEFAULT, (void **)&fd) >= 0)
        dup3(memory, *fd, O_CLOEXEC);
    if (memory >= 0)
        close(memory);
}

enum status hdf_close(struct hdf *hdf)
{
    if (hdf->text < 0)
        return hdf->status; /* it was not begun */
    H5Tclose(hdf->text);
    if (hdf->file >= 0) {
        if (!failed(hdf) && H5Fflush(hdf->file, H5F_SCOPE_LOCAL) < 0)
            hdf_fail(hdf, "write");
        if (failed(hdf))
            finish_elsewhere(hdf);
        if (H5Fclose(hdf->file) < 0)
            hdf_fail(hdf, "finish");
    }
    hdf->file = hdf->text = -1;
    hdf_forget(hdf);
    H5garbage_collect(); /* it would keep some 10 MB of a file with 100,000 runs */
    guard_end();
    return hdf->status;
}

hid_t hdf_group(struct hdf *hdf, hid_t at, const char *name)
{
    if (failed(hdf))
        return -1;
    hid_t list = H5Pcreate(H5P_GROUP_CREATE);
    hid_t group = -1;
    if (list >= 0 && H5Pset_obj_track_times(list, false) >= 0 &&
        H5Pset_link_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) >= 0)
        group = H5Gcreate2(at, name, H5P_DEFAULT, list, H5P_DEFAULT);
    hdf_check(hdf, group, "make a group");
    H5Pclose(list);
    return group;
}

hid_t hdf_letters_type(struct hdf *hdf, int letters)
{
    if (failed(hdf))
        return -1;
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type < 0 || H5Tset_size(type, (size_t)letters) < 0 ||
        H5Tset_cset(type, H5T_CSET_UTF8) < 0 || H5Tset_strpad(type, H5T_STR_NULLPAD) < 0)
        hdf_fail(hdf, "make a type of letters");
    return type;
}

/* The type in the file; the caller closes it. */
static hid_t own_type(struct hdf *hdf, hid_t at, enum hdf_type type)
{
    switch (type) {
    case HDF_I8:
        return H5Tcopy(H5T_STD_I8LE);
    case HDF_I32:
        return H5Tcopy(H5T_STD_I32LE);
    case HDF_I64:
        return H5Tcopy(H5T_STD_I64LE);
    case HDF_U64:
        return H5Tcopy(H5T_STD_U64LE);
    case HDF_F32:
        return H5Tcopy(H5T_IEEE_F32LE);
    case HDF_F64:
        return H5Tcopy(H5T_IEEE_F64LE);
    case HDF_TEXT:
        return H5Tcopy(hdf->text);
    case HDF_LETTER:
        return hdf_letters_type(hdf, 1);
    case HDF_STATUS:
        return H5Topen2(at, "status_type", H5P_DEFAULT);
    default:
        return -1;
    }
}

static const void *fill_value(enum hdf_type type)
{
    static const float nan32 = __builtin_nanf("");
    static const double nan64 = __builtin_nan("");
    static const int64_t none = -1; /* little-endian: also the int32 and the int8 -1 */
    static const uint64_t zero = 0;
    switch (type) {
    case HDF_F32:
        return &nan32;
    case HDF_F64:
        return &nan64;
    case HDF_I8:
    case HDF_I32:
    case HDF_I64:
        return &none;
    case HDF_U64:
    case HDF_STATUS:
        return &zero;
    default:
        return NULL;
    }
}

static hid_t create(struct hdf *hdf, hid_t at, const char *name, hid_t type, const void *fill,
                    int rank, const hsize_t *size)
{
    hid_t list = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(rank, size, NULL);
    hid_t dataset = -1;
    if (H5Pset_layout(list, H5D_CONTIGUOUS) >= 0 &&
        H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY) >= 0 &&
        H5Pset_fill_time(list, H5D_FILL_TIME_ALLOC) >= 0 &&
        H5Pset_obj_track_times(list, false) >= 0 &&
        (!fill || H5Pset_fill_value(list, type, fill) >= 0))
        dataset = H5Dcreate2(at, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    if (dataset < 0) {
        char what[128];
        snprintf(what, sizeof what, "make the dataset %s", name);
        hdf_fail(hdf, what);
    }
    H5Pclose(list);
    H5Sclose(space);
    return dataset;
}

hid_t hdf_dataset(struct hdf *hdf, hid_t at, const char *name, enum hdf_type type, int rank,
                  const hsize_t *size)
{
    if (failed(hdf))
        return -1;
    hid_t stored = own_type(hdf, at, type);
    const void *fill = fill_value(type);
    hid_t dataset = create(hdf, at, name, stored, fill, rank, size);
    if (fill && H5Tget_class(stored) == H5T_FLOAT)
        hdf_attribute_array(hdf, dataset, "_FillValue", type, fill, 1);
    H5Tclose(stored);
    return dataset;
}

hid_t hdf_table(struct hdf *hdf, const char *name, hid_t type, int64_t rows)
{
    hsize_t size = (hsize_t)rows;
    return failed(hdf) ? -1 : create(hdf, hdf->file, name, type, NULL, 1, &size);
}

hid_t hdf_type_make(struct hdf *hdf, enum hdf_type type)
{
    return own_type(hdf, hdf->file, type);
}

void hdf_status_type(struct hdf *hdf, hid_t group, const char *name, const char *const *names,
                     int count)
{
    if (failed(hdf))
        return;
    hid_t type = H5Tenum_create(H5T_STD_I8LE);
    for (int i = 0; i < count; i++)
        hdf_check(hdf, H5Tenum_insert(type, names[i], &(int8_t){(int8_t)i}), "name a status");
    hdf_check(hdf, H5Tcommit2(group, name, type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
              "commit the type of status");
    H5Tclose(type);
}

/* The machine is little-endian, as the file: its type is the type in memory, too. The library's
 * buffer for texts is made smaller, as each call clears all of it. */
void hdf_write_rows(struct hdf *hdf, hid_t dataset, int64_t first, int64_t count, const void *data)
{
    enum { BUFFER = 64 * 1024 };
    hsize_t size[8], start[8] = {(hsize_t)first};
    int rank = hdf_sizes(hdf, dataset, size, 8);
    if (rank < 0)
        return;
    size[0] = (hsize_t)count;
    hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(rank, size, NULL);
    hid_t type = H5Dget_type(dataset), transfer = H5Pcreate(H5P_DATASET_XFER);
    if (H5Pset_buffer(transfer, BUFFER, NULL, NULL) < 0 ||
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, size, NULL) < 0 ||
        H5Dwrite(dataset, type, memory, space, transfer, data) < 0)
        hdf_fail(hdf, "write rows");
    H5Pclose(transfer);
    H5Tclose(type);
    H5Sclose(memory);
    H5Sclose(space);
}

/* count 0: a scalar */
static void attribute(struct hdf *hdf, hid_t at, const char *name, enum hdf_type type,
                      const void *values, int count)
{
    if (failed(hdf))
        return;
    hsize_t size = (hsize_t)count;
    hid_t space = count ? H5Screate_simple(1, &size, NULL) : H5Screate(H5S_SCALAR);
    hid_t stored = own_type(hdf, at, type);
    hid_t a = H5Acreate2(at, name, stored, space, H5P_DEFAULT, H5P_DEFAULT);
    if (a < 0 || H5Awrite(a, stored, values) < 0)
        hdf_fail(hdf, "write an attribute");
    if (a >= 0)
        H5Aclose(a);
    H5Sclose(space);
    H5Tclose(stored);
}

void hdf_attribute_text(struct hdf *hdf, hid_t at, const char *name, const char *value)
{
    attribute(hdf, at, name, HDF_TEXT, &value, 0);
}

void hdf_attribute_texts(struct hdf *hdf, hid_t at, const char *name, const char *const *values,
                         int count)
{
    attribute(hdf, at, name, HDF_TEXT, values, count);
}

void hdf_attribute(struct hdf *hdf, hid_t at, const char *name, enum hdf_type type,
                   const void *value)
{
    attribute(hdf, at, name, type, value, 0);
}

void hdf_attribute_array(struct hdf *hdf, hid_t at, const char *name, enum hdf_type type,
                         const void *values, int count)
{
    attribute(hdf, at, name, type, values, count);
}

void hdf_set_scale(struct hdf *hdf, hid_t dataset, const char *name)
{
    if (!failed(hdf))
        hdf_check(hdf, H5DSset_scale(dataset, name), "make an axis");
}

void hdf_attach_scale(struct hdf *hdf, hid_t dataset, hid_t scale, int dimension)
{
    if (!failed(hdf))
        hdf_check(hdf, H5DSattach_scale(dataset, scale, (unsigned)dimension), "attach an axis");
}
