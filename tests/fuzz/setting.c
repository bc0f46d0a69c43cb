/* key=value of the command line, up to three of them, one a line. */
#include "fuzz.h"

void fuzz_one(const uint8_t *data, size_t size)
{
    static const char sweep[] = "limit: 300\ngrid: {seed: [0, 1], model.depth: [1, 2]}\n"
                                "zip: [{model.heads: [1, 2], train.steps: [60, 70]}]\n"
                                "include: [{train.rate: 0.5}]\n";
    enum { MOST = 3 };
    const char *settings[MOST];
    struct plan_options options = {.overrides = settings};
    char *text = strndup((const char *)data, size), *rest = text;
    if (!text)
        return;
    while (rest && options.override_count < MOST)
        settings[options.override_count++] = strsep(&rest, "\n");
    fuzz_plan(sweep, &options);
    free(text);
}
