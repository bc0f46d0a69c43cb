#include "sizes.h"

void sizes_of(struct sizes *sizes, const struct run_config *config, uint64_t analyses)
{
    if (sizes->known && sizes->analyses == analyses && run_same_but_seed(config, &sizes->config))
        return;
    sizes->config = *config;
    sizes->analyses = analyses;
    sizes->record = run_record_bytes(config, analyses);
    sizes->memory = run_memory(config, analyses);
    sizes->cost = run_cost(config, analyses);
    sizes->known = true;
}
