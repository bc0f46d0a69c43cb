/* What there is in an open file. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "hdf.h"

static enum hdf_type text_type(hid_t type)
{
    if (H5Tis_variable_str(type) > 0)
        return HDF_TEXT;
    return H5Tget_size(type) == 1 ? HDF_LETTER : HDF_OTHER;
}

enum hdf_type hdf_type_of(struct hdf *hdf, hid_t dataset)
{
    if (hdf->status != OK)
        return HDF_OTHER;
    enum hdf_type found = HDF_OTHER;
    hid_t type = H5Dget_type(dataset);
    H5T_class_t class = H5Tget_class(type);
    if (class == H5T_STRING) {
        found = text_type(type);
    } else if (class == H5T_ENUM) {
        found = H5Tget_size(type) == 1 ? HDF_STATUS : HDF_OTHER;
    } else {
        for (enum hdf_type t = HDF_I8; t <= HDF_F64; t++) {
            hid_t own = hdf_type_make(hdf, t);
            if (H5Tequal(own, type) > 0)
                found = t;
            H5Tclose(own);
        }
    }
    H5Tclose(type);
    return found;
}

int hdf_sizes(struct hdf *hdf, hid_t dataset, hsize_t *size, int most)
{
    if (hdf->status != OK)
        return -1;
    hid_t space = H5Dget_space(dataset);
    int rank = H5Sget_simple_extent_ndims(space);
    if (rank > most)
        rank = -1;
    if (rank > 0)
        H5Sget_simple_extent_dims(space, size, NULL);
    H5Sclose(space);
    return rank;
}

/* H5DSis_attached would also look through all datasets of the scale: a file with n columns would be
 * opened in n^2 steps. */
bool hdf_is_along(const struct hdf *hdf, hid_t dataset, hid_t scale)
{
    hobj_ref_t wanted;
    hvl_t axes[H5S_MAX_RANK];
    bool found = false;
    if (hdf->status != OK || H5Aexists(dataset, "DIMENSION_LIST") <= 0 ||
        H5Rcreate(&wanted, scale, ".", H5R_OBJECT, -1) < 0)
        return false;
    hid_t a = H5Aopen(dataset, "DIMENSION_LIST", H5P_DEFAULT), space = H5Aget_space(a);
    hid_t type = H5Tvlen_create(H5T_STD_REF_OBJ);
    hssize_t rank = H5Sget_simple_extent_npoints(space);
    if (rank >= 1 && rank <= H5S_MAX_RANK && H5Aread(a, type, axes) >= 0) {
        const hobj_ref_t *scales = axes[0].p;
        for (size_t i = 0; i < axes[0].len; i++)
            found = found || scales[i] == wanted;
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, axes);
    }
    H5Tclose(type);
    H5Sclose(space);
    H5Aclose(a);
    return found;
}

/* A copy of a text of the file, which anybody may have written: it does nothing to a terminal. */
static char *own_text(const char *text)
{
    char *copy = memory_text(text ? text : "");
    copy[text_clean(copy, strlen(copy), "\t\n\r")] = '\0';
    return copy;
}

char *hdf_read_text(struct hdf *hdf, hid_t at, const char *name)
{
    if (hdf->status != OK || H5Aexists(at, name) <= 0)
        return NULL;
    char *text = NULL, *copy = NULL;
    hid_t a = H5Aopen(at, name, H5P_DEFAULT), type = H5Aget_type(a), space = H5Aget_space(a);
    if (H5Tis_variable_str(type) > 0 && H5Sget_simple_extent_npoints(space) == 1 &&
        H5Aread(a, hdf->text, &text) >= 0 && text) {
        copy = own_text(text);
        H5free_memory(text);
    }
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(a);
    return copy;
}

int64_t hdf_read_integer(struct hdf *hdf, hid_t at, const char *name, int64_t otherwise)
{
    if (hdf->status != OK || H5Aexists(at, name) <= 0)
        return otherwise;
    int64_t value = otherwise;
    hid_t a = H5Aopen(at, name, H5P_DEFAULT), type = H5Aget_type(a), space = H5Aget_space(a);
    if (H5Tget_class(type) == H5T_INTEGER && H5Sget_simple_extent_npoints(space) == 1 &&
        H5Aread(a, H5T_NATIVE_INT64, &value) < 0)
        value = otherwise;
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(a);
    return value;
}

char **hdf_read_texts(struct hdf *hdf, hid_t dataset, int64_t first, int64_t count)
{
    hsize_t rows = 0;
    if (hdf->status == OK && (hdf_sizes(hdf, dataset, &rows, 1) != 1 || rows > INT64_MAX ||
                              first > (int64_t)rows || count > (int64_t)rows - first))
        hdf->status =
            error_set(hdf->err, ERR_FILE, "%s: is damaged: texts have another shape", hdf->path);
    if (hdf->status != OK)
        return NULL;
    char **texts = memory_zeroed((size_t)count + 1, sizeof *texts);
    hsize_t start = (hsize_t)first, size = (hsize_t)count;
    hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(1, &size, NULL);
    if (H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, NULL, &size, NULL) < 0 ||
        H5Dread(dataset, hdf->text, memory, space, H5P_DEFAULT, texts) < 0)
        hdf_fail(hdf, "read text");
    H5Sclose(memory);
    H5Sclose(space);
    for (int64_t i = 0; i < count; i++) { /* the library's memory becomes the caller's */
        char *copy = own_text(texts[i]);
        if (texts[i])
            H5free_memory(texts[i]);
        texts[i] = copy;
    }
    return texts;
}
