#include "sizes.h"

#include <string.h>

void sizes_of(struct sizes *sizes, const struct run_config *config, uint64_t analyses)
{
    struct run_config key;
    memcpy(&key, config, sizeof key); /* with its padding: what differs there is asked again */
    key.seed = 0;
    if (sizes->known && sizes->analyses == analyses &&
        memcmp(&key, &sizes->config, sizeof key) == 0)
        return;
    memcpy(&sizes->config, &key, sizeof key);
    sizes->analyses = analyses;
    sizes->record = run_record_bytes(config, analyses);
    sizes->memory = run_memory(config, analyses);
    sizes->cost = run_cost(config, analyses);
    sizes->known = true;
}
