/* A sweep file up to its plan. A small limit stands in front: what is large is not what is wrong.
 */
#include "fuzz.h"

void fuzz_one(const uint8_t *data, size_t size)
{
    static const char limit[] = "limit: 300\n";
    char *text = malloc(sizeof limit + size);
    if (!text || memchr(data, '\0', size)) {
        free(text);
        return;
    }
    memcpy(text, limit, sizeof limit - 1);
    memcpy(text + sizeof limit - 1, data, size);
    text[sizeof limit - 1 + size] = '\0';
    fuzz_plan(text, &(struct plan_options){.points = "{\"seed\": 3}\n"});
    fuzz_plan(text, &(struct plan_options){.points = "", .quick = true});
    free(text);
}
