/* A file of points, as a result file has kept it. */
#include "fuzz.h"

void fuzz_one(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);
    if (!text)
        return;
    fuzz_plan("limit: 300\nset: {train.steps: 60}\npoints: a.jsonl\n",
              &(struct plan_options){.points = text});
    free(text);
}
