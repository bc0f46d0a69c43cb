/* types.h - the types of values in the file. */
#ifndef STORE_TYPES_H
#define STORE_TYPES_H

enum hdf_type {
    HDF_I8,
    HDF_I32,
    HDF_I64,
    HDF_U64,
    HDF_F32,
    HDF_F64,
    HDF_TEXT,   /* variable-length UTF-8, known at creation */
    HDF_LETTER, /* one character of a netCDF character array, written later */
    HDF_STATUS, /* the committed enum beside the dataset; int8 */
    HDF_OTHER,
};

/* Bytes of one value; of HDF_TEXT its reference in the file. */
int hdf_type_size(enum hdf_type type);

/* The canonical text of a key's value as a number of this type. */
void hdf_type_parse(void *value, enum hdf_type type, const char *text);

#endif
