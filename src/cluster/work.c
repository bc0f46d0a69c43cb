#include "cluster/nursery.h"
#include "sweep/plan.h"

enum status nursery_engine(struct record *record, enum run_outcome *outcome, const char *text,
                           uint64_t analyses, const struct run_host *host, struct error *err)
{
    struct run_config config;
    enum status st = plan_config_from(&config, text, err);
    return st == OK ? run_execute(record, outcome, &config, analyses, host, err) : st;
}
