/* What HDF5 has to say when something failed. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hdf.h"

/* A system call failed, of which HDF5 does not say why. */
static const char untold[] = "can't retrieve stat info for file";

struct reason {
    char text[160];
    bool system;  /* a system call failed: the file is not to blame */
    bool starved; /* the library was refused memory */
};

/* The innermost frame knows the reason; of a failed system call only the system's words. What is
 * invalid to the system (EINVAL) is a place in a damaged file. */
static herr_t note_reason(unsigned depth, const H5E_error2_t *frame, void *to)
{
    struct reason *reason = to;
    const char *text = frame->desc, *words = text ? strstr(text, "error message = '") : NULL;
    reason->starved |= frame->maj_num == H5E_RESOURCE;
    if (!text || (depth > 0 && !words))
        return 0;
    size_t length = strlen(text);
    if (words) {
        reason->system = !strstr(words, strerror(EINVAL));
        text = words + strlen("error message = '");
        length = strcspn(text, "'");
    }
    reason->system |= strcmp(text, untold) == 0;
    snprintf(reason->text, sizeof reason->text, "%.*s", (int)(length < 150 ? length : 150), text);
    return 0;
}

hid_t hdf_fail(struct hdf *hdf, const char *what)
{
    if (hdf->status != OK)
        return -1;
    struct reason reason = {.text = "HDF5 gives no reason"};
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, note_reason, &reason);
    hdf->status = error_set(hdf->err, reason.system ? ERR_IO : hdf->blame, "%s: can not %s: %s",
                            hdf->path, what, reason.text);
    return -1;
}

/* Of each function of the library that failed. */
static herr_t notice(hid_t stack, void *of)
{
    struct hdf *hdf = of;
    struct reason reason = {.text = ""};
    H5Ewalk2(stack, H5E_WALK_UPWARD, note_reason, &reason);
    if (reason.system && hdf->status == OK)
        hdf->status = error_set(hdf->err, ERR_IO, "%s: can not %s: %s", hdf->path,
                                hdf->blame == ERR_IO ? "write" : "read", reason.text);
    if (reason.starved && hdf->status == OK)
        hdf->status = error_set(hdf->err, ERR_MEMORY, "%s: no memory for HDF5", hdf->path);
    return 0;
}

void hdf_watch(struct hdf *hdf)
{
    H5Eset_auto2(H5E_DEFAULT, notice, hdf);
}

void hdf_forget(const struct hdf *hdf)
{
    H5E_auto2_t function;
    void *of;
    if (H5Eget_auto2(H5E_DEFAULT, &function, &of) >= 0 && of == hdf)
        H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

hid_t hdf_check(struct hdf *hdf, hid_t result, const char *what)
{
    return result < 0 ? hdf_fail(hdf, what) : result;
}
