#include "store/store.h"

#include <assert.h>

const char *row_status_name(enum row_status status)
{
    static const char *const names[ROW_STATUS_COUNT] = {
        [ROW_PENDING] = "pending",   [ROW_RUNNING] = "running", [ROW_DONE] = "done",
        [ROW_DIVERGED] = "diverged", [ROW_FAILED] = "failed",   [ROW_TIMEOUT] = "timeout",
        [ROW_STOPPED] = "stopped",   [ROW_RETIRED] = "retired",
    };
    assert(status >= 0 && status < ROW_STATUS_COUNT);
    return names[status];
}
