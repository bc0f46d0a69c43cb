#include "run/keep.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Numbers up to the end of the text, each larger than the one before; -1: they are not. */
static int read_steps(int64_t steps[KEEP_SNAPSHOTS], const char *text)
{
    int count = 0;
    while (*text) {
        char *end;
        int64_t step = strtoll(text + 1, &end, 10);
        bool zero = text[0] && text[1] == '0' && end - text > 2;
        if (*text != ' ' || !isdigit((unsigned char)text[1]) || zero || end - text > 10 ||
            count == KEEP_SNAPSHOTS || (count > 0 && step <= steps[count - 1]))
            return -1;
        steps[count++] = step;
        text = end;
    }
    return count;
}

enum status keep_read(struct keep *keep, const char *text, struct error *err)
{
    struct keep read = {.weights = strcmp(text, "none") != 0};
    char shown[TEXT_SHOWN];
    bool plain = !read.weights || strcmp(text, "final") == 0;
    if (!plain)
        read.count = strncmp(text, "at", 2) == 0 ? read_steps(read.steps, text + 2) : -1;
    if (!plain && read.count < 1)
        return error_set(err, ERR_CONFIG,
                         "'%s' is no way to keep weights, allowed are final, none, and up to %d "
                         "steps in rising order as in {at: [500, 1000]}",
                         text_show(shown, text), KEEP_SNAPSHOTS);
    *keep = read;
    return OK;
}

bool keep_print(struct key_text *text, const struct keep *keep)
{
    int used = snprintf(text->text, sizeof text->text, "%s",
                        !keep->weights ? "none"
                        : keep->count  ? "at"
                                       : "final");
    for (int i = 0; i < keep->count && used < (int)sizeof text->text; i++)
        used += snprintf(text->text + used, sizeof text->text - (size_t)used, " %" PRId64,
                         keep->steps[i]);
    return used < (int)sizeof text->text;
}
