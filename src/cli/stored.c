#include "stored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Splits the stored settings, one a line; the text is cut in place. The list is the caller's to
 * free. */
static const char **split(int *count, char *text)
{
    size_t lines = 1;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    const char **settings = memory_zeroed(lines, sizeof *settings);
    char *rest = text;
    *count = 0;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (line[0])
            settings[(*count)++] = line;
    return settings;
}

static enum status parse_plan(struct plan **plan, const struct store_origin *origin,
                              const struct plan_shard *shard, const char *file, struct error *err)
{
    int count;
    const char **settings = split(&count, origin->overrides);
    struct plan_options options = {
        .overrides = settings,
        .override_count = count,
        .quick = origin->quick,
        .points = origin->points,
        .shard = *shard,
    };
    enum status st = plan_parse(plan, file, origin->sweep, strlen(origin->sweep), &options, err);
    free(settings);
    if (st == OK)
        plan_set_analyses(*plan, origin->analyses);
    return st;
}

enum status stored_plan(struct plan **plan, const char *file, struct error *err)
{
    struct store_origin origin;
    enum status st = store_origin(&origin, file, err);
    if (st != OK)
        return st;
    st = parse_plan(plan, &origin, &origin.shard, file, err);
    store_origin_dispose(&origin);
    return st;
}

/* Adds the analyses of a file of the same sweep. */
static enum status join(struct store_origin *first, const char *first_file, const char *file,
                        struct error *err)
{
    struct store_origin other;
    enum status st = store_origin(&other, file, err);
    if (st != OK)
        return st;
    if (strcmp(first->name, other.name) != 0 || strcmp(first->sweep, other.sweep) != 0 ||
        strcmp(first->overrides, other.overrides) != 0 ||
        strcmp(first->points, other.points) != 0 || first->quick != other.quick)
        st = error_set(err, ERR_FILE, "%s: is of another sweep than %s", file, first_file);
    first->analyses |= other.analyses;
    store_origin_dispose(&other);
    return st;
}

enum status stored_whole(struct plan **plan, char *const *files, int count, struct error *err)
{
    struct store_origin origin;
    enum status st = store_origin(&origin, files[0], err);
    if (st != OK)
        return st;
    for (int i = 1; i < count && st == OK; i++)
        st = join(&origin, files[0], files[i], err);
    if (st == OK)
        st = parse_plan(plan, &origin, &(struct plan_shard){0, 0}, files[0], err);
    store_origin_dispose(&origin);
    return st;
}

enum status stored_file(struct job *job, const char *name, struct error *err)
{
    int length = snprintf(job->file, sizeof job->file, "%s", name);
    if (length < 0 || (size_t)length >= sizeof job->file)
        return error_set(err, ERR_USAGE, "%.40s...: the name is too long", name);
    return OK;
}
