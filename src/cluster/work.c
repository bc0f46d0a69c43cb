#include "cluster/nursery.h"
#include "sweep/plan.h"

enum status nursery_engine(struct record *record, enum run_outcome *outcome,
                           const struct message_item *item, const struct run_host *host,
                           struct error *err)
{
    struct run_config config;
    enum status st = plan_config_from(&config, (const char *)(item + 1), err);
    if (st != OK)
        return st;
    if (!item->trained)
        return run_execute(record, outcome, &config, item->analyses, host, err);
    *outcome = RUN_DONE;
    return run_analyse(record, &config, item->analyses, message_weights(item),
                       (size_t)item->weights / sizeof(float), err);
}
