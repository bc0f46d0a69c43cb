/* The doors that begin with a plan: measuring and creating. */
#include "create.h"
#include "folder.h"

enum status store_measure(struct store_size *size, const struct plan *plan, const char *path,
                          void (*say)(void *context, const char *column, int64_t bytes),
                          void *context, struct error *err)
{
    struct layout layout;
    enum status status = layout_plan(&layout, plan, err);
    if (status != OK)
        return status;
    *size = (struct store_size){layout_measure(&layout, say, context), folder_free(path)};
    layout_dispose(&layout);
    return OK;
}

enum status store_create(const char *path, const struct plan *plan,
                         const struct store_provenance *provenance, struct error *err)
{
    struct layout layout;
    enum status status = layout_plan(&layout, plan, err);
    if (status != OK)
        return status;
    status = create_file(path, &layout, provenance, err);
    layout_dispose(&layout);
    return status;
}
