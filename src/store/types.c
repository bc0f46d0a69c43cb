#include "types.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int hdf_type_size(enum hdf_type type)
{
    switch (type) {
    case HDF_I8:
    case HDF_LETTER:
    case HDF_STATUS:
        return 1;
    case HDF_I32:
    case HDF_F32:
        return 4;
    case HDF_TEXT:
        return 16;
    default:
        return 8;
    }
}

void hdf_type_parse(void *value, enum hdf_type type, const char *text)
{
    switch (type) {
    case HDF_I8:
        *(int8_t *)value = strcmp(text, "true") == 0;
        break;
    case HDF_I32: {
        int32_t number = (int32_t)strtol(text, NULL, 10);
        memcpy(value, &number, sizeof number);
        break;
    }
    case HDF_I64: {
        int64_t number = strtoll(text, NULL, 10);
        memcpy(value, &number, sizeof number);
        break;
    }
    default: {
        double number = strtod(text, NULL);
        memcpy(value, &number, sizeof number);
    }
    }
}
