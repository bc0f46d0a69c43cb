/* A look that changes nothing. */
#include <stdlib.h>

#include "base/memory.h"
#include "writer.h"

enum status store_verify(struct store_verdict *verdict, const char *path, struct error *err)
{
    struct store *store;
    enum status status = writer_open_file(&store, path, OPEN_JUDGE, err);
    if (status != OK)
        return status;
    *verdict =
        (struct store_verdict){.runs = store->map.runs, .damaged_count = store->damaged_count};
    verdict->damaged = memory_get(((size_t)store->damaged_count + 1) * sizeof *verdict->damaged);
    for (int64_t i = 0; i < store->damaged_count; i++)
        verdict->damaged[i] = store->identity[store->damaged[i]];
    for (int64_t i = 0; i < store->map.runs; i++)
        verdict->results += writer_is_final(writer_status(store, i));
    verdict->results += store->damaged_count;
    store_close(store);
    return OK;
}
