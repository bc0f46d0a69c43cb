#include "sweep/plan.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/files.h"
#include "base/text.h"
#include "parts.h"

/* "sweeps/first.yaml" -> "first"; owned by the caller, NULL without memory. */
static char *stem(const char *path)
{
    const char *slash = strrchr(path, '/'), *begin = slash ? slash + 1 : path;
    const char *dot = strrchr(begin, '.');
    return dot && dot > begin ? strndup(begin, (size_t)(dot - begin)) : strdup(begin);
}

/* A plan with nothing but its texts. */
static struct plan *create(const char *path, const char *text, size_t length,
                           const struct plan_options *options)
{
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return NULL;
    int analyses = run_analyses();
    plan->path = strdup(path);
    plan->name = stem(path);
    plan->about = strdup("");
    plan->text = strndup(text, length);
    plan->overrides = strdup("");
    plan->locked = calloc((size_t)schema_keys(&run_schema), sizeof *plan->locked);
    plan->points = strdup(options->points ? options->points : "");
    plan->quick = options->quick;
    plan->stored = options->points != NULL;
    plan->limit = LIMIT_DEFAULT;
    plan->analyses = analyses == RUN_ANALYSES_MAX ? ~(uint64_t)0 : ((uint64_t)1 << analyses) - 1;
    if (plan->path && plan->name && plan->about && plan->text && plan->overrides && plan->points &&
        plan->locked && blocks_add(plan))
        return plan;
    plan_destroy(plan);
    return NULL;
}

static enum status override(struct plan *plan, const struct plan_options *options,
                            struct error *err)
{
    struct text lines = {0};
    enum status st = OK;
    for (int i = 0; i < options->override_count && st == OK; i++) {
        st = document_override(plan, options->overrides[i], err);
        text_print(&lines, "%s%s", i ? "\n" : "", options->overrides[i]);
    }
    if (st == OK && lines.data) {
        free(plan->overrides);
        plan->overrides = lines.data;
        lines.data = NULL;
    }
    text_dispose(&lines);
    return st;
}

enum status plan_parse(struct plan **out, const char *name, const char *text, size_t length,
                       const struct plan_options *options, struct error *err)
{
    struct yaml yaml;
    enum status st = yaml_read(&yaml, name, text, length, err);
    if (st != OK)
        return st;
    struct plan *plan = create(name, text, length, options);
    st = plan ? document_read(plan, &yaml, err)
              : error_set(err, ERR_MEMORY, "no memory for the sweep file");
    yaml_dispose(&yaml);
    if (st == OK)
        st = override(plan, options, err);
    if (st == OK)
        plan->shard = options->shard;
    if (st == OK)
        st = expand(plan, err);
    if (st != OK)
        plan_destroy(plan);
    else
        *out = plan;
    return st;
}

enum status read_file(char **text, size_t *length, const char *path, size_t most, struct error *err)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set(err, files_blame(ERR_USAGE, errno), "%s: can not be read: %s", path,
                         strerror(errno));
    *text = malloc(most + 1); /* one byte more shows that the file is too long */
    *length = *text ? fread(*text, 1, most + 1, file) : 0;
    enum status st = OK;
    if (!*text)
        st = error_set(err, ERR_MEMORY, "no memory for %s", path);
    else if (ferror(file))
        st = error_set(err, files_blame(ERR_USAGE, errno), "%s: can not be read: %s", path,
                       strerror(errno));
    fclose(file);
    if (st != OK)
        free(*text);
    return st;
}

enum status plan_read(struct plan **plan, const char *path, const struct plan_options *options,
                      struct error *err)
{
    char *text = NULL;
    size_t length = 0;
    enum status st = read_file(&text, &length, path, YAML_BYTES, err);
    if (st != OK)
        return st;
    assert(text);
    st = plan_parse(plan, path, text, length, options, err);
    free(text);
    return st;
}

static void clauses_dispose(struct clauses *clauses)
{
    for (int i = 0; i < clauses->count; i++) {
        settings_dispose(&clauses->items[i].condition);
        settings_dispose(&clauses->items[i].set);
    }
    free(clauses->items);
}

void plan_destroy(struct plan *plan)
{
    if (!plan)
        return;
    settings_dispose(&plan->set);
    blocks_dispose(plan);
    clauses_dispose(&plan->when);
    clauses_dispose(&plan->exclude);
    for (int r = 0; r < plan->require_count; r++)
        expression_destroy(plan->require[r].condition);
    free(plan->require);
    free(plan->path);
    free(plan->name);
    free(plan->about);
    free(plan->text);
    free(plan->overrides);
    free(plan->points);
    free(plan->locked);
    free(plan->runs);
    free(plan->swept);
    free(plan);
}

const char *plan_name(const struct plan *plan)
{
    return plan->name;
}

const char *plan_about(const struct plan *plan)
{
    return plan->about;
}

const char *plan_text(const struct plan *plan)
{
    return plan->text;
}

const char *plan_overrides(const struct plan *plan)
{
    return plan->overrides;
}

const char *plan_points(const struct plan *plan)
{
    return plan->points;
}

bool plan_quick(const struct plan *plan)
{
    return plan->quick;
}

struct plan_shard plan_shard(const struct plan *plan)
{
    return plan->shard;
}

uint64_t plan_analyses(const struct plan *plan)
{
    return plan->analyses;
}

bool plan_lists_analyses(const struct plan *plan)
{
    return plan->lists_analyses;
}

void plan_set_analyses(struct plan *plan, uint64_t analyses)
{
    plan->analyses = analyses;
}

int64_t plan_count(const struct plan *plan)
{
    return plan->count;
}

int64_t plan_duplicates(const struct plan *plan)
{
    return plan->duplicates;
}

int64_t plan_excluded(const struct plan *plan)
{
    return plan->excluded;
}

int64_t plan_unmet(const struct plan *plan)
{
    return plan->unmet;
}

uint64_t plan_identity(const struct plan *plan, int64_t run)
{
    return plan->runs[run].identity;
}

void plan_config(const struct plan *plan, int64_t run, struct run_config *config)
{
    expand_point(plan, plan->runs[run].point, config);
}

int plan_swept(const struct plan *plan, const int **keys)
{
    *keys = plan->swept;
    return plan->swept_count;
}
