/* Values that are drawn: a function of the stream, the name of the key and the number of the
 * sample, so that no other part of a sweep file, and no other number of samples, changes them. */
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "math/kernels.h"
#include "reading.h"

enum {
    DRAW_STREAM = 0x73776570
}; /* "swep": apart from the streams of training, whatever the seed */

/* Uniform in [0, 1): 53 bits of Philox4x32-10. */
static double draw(const struct source *source, int64_t sample)
{
    struct random_lanes lanes;
    uint32_t name = (uint32_t)hash_xxh64(source->key, strlen(source->key), 0);
    random_seed(&lanes, source->rule.stream, DRAW_STREAM, name, (uint64_t)sample);
    return ((double)(lanes.state[0][0] >> 5) * 0x1p26 + (double)(lanes.state[1][0] >> 6)) * 0x1p-53;
}

static double linear(const double ends[2], double share)
{
    return ends[0] + (ends[1] - ends[0]) * share;
}

static double logarithmic(const double ends[2], double share)
{
    return ends[0] * pow(ends[1] / ends[0], share);
}

static const struct {
    const char *name;
    double (*value)(const double ends[2], double share);
} distributions[] = {{"linear", linear}, {"log", logarithmic}};

enum { DISTRIBUTIONS = sizeof distributions / sizeof distributions[0] };

/* Both ends as values of the key, which shows whether they are allowed. */
static enum status check_ends(struct values *values, const struct source *source,
                              const struct yaml_node *list, const double ends[2], bool log,
                              struct error *err)
{
    if (log && (ends[0] <= 0 || ends[1] <= 0))
        return yaml_refuse(source->yaml, list, err, "%s: log needs two numbers above 0",
                           source->key);
    if (ends[0] >= ends[1])
        return yaml_refuse(source->yaml, list, err,
                           "%s: nothing lies between %.12g and %.12g, the lower end comes first",
                           source->key, ends[0], ends[1]);
    const struct yaml_node *node = list->first;
    for (int i = 0; i < 2; i++, node = node->next) {
        enum status st = values_set_text(values, 0, node->text, err);
        if (st != OK)
            return yaml_place(source->yaml, node, st, err);
    }
    return OK;
}

/* Of a real key in [least, greatest]; of an integer key the part below the point of a number in
 * [least, greatest + 1) is dropped, so that with `linear` every integer is as likely. */
static enum status draw_numbers(struct values *values, const struct source *source,
                                const struct yaml_node *list, int distribution, struct error *err)
{
    double ends[2];
    bool fractional = schema_key(&run_schema, values->key)->type == KEY_REAL;
    if (!values_are_numbers(values->key))
        return yaml_refuse(source->yaml, list, err,
                           "%s: %s makes numbers, allowed is {choice: [list]}", source->key,
                           distributions[distribution].name);
    enum status st = source_ends(ends, source, list, err);
    if (st == OK)
        st = check_ends(values, source, list, ends, distributions[distribution].value != linear,
                        err);
    const double reach[2] = {ends[0], fractional ? ends[1] : ends[1] + 1};
    for (int64_t i = 0; st == OK && i < values->count; i++) {
        double value = distributions[distribution].value(reach, draw(source, i));
        value = fractional ? value : floor(value);
        st = values_set_number(values, i, fmin(fmax(value, ends[0]), ends[1]), err);
    }
    return st;
}

static enum status draw_choices(struct values *values, const struct source *source,
                                const struct yaml_node *list, struct error *err)
{
    struct values choices;
    const struct values_rule rule = {.allowed = MANY_VALUES, .limit = INT32_MAX};
    if (list->kind != YAML_LIST)
        return yaml_refuse(source->yaml, list, err, "%s: choice needs a [list] of values",
                           source->key);
    enum status st = values_read(&choices, values->key, source->yaml, list, &rule, err);
    if (st != OK)
        return st;
    size_t size = schema_value_size(&run_schema, values->key);
    for (int64_t i = 0; i < values->count; i++) {
        size_t which = (size_t)(draw(source, i) * (double)choices.count);
        memcpy(values->data + (size_t)i * size, choices.data + which * size, size);
    }
    values_dispose(&choices);
    return OK;
}

enum status values_read_drawn(struct values *values, const struct source *source,
                              const struct yaml_node *map, struct error *err)
{
    const struct yaml_node *entry = map->kind == YAML_MAP && map->count == 1 ? map->first : NULL;
    int distribution = 0;
    while (entry && distribution < DISTRIBUTIONS &&
           strcmp(entry->key->text, distributions[distribution].name) != 0)
        distribution++;
    bool choice = entry && strcmp(entry->key->text, "choice") == 0;
    if (!entry || (distribution == DISTRIBUTIONS && !choice))
        return yaml_refuse(source->yaml, map, err,
                           "%s: is no distribution, allowed are {linear: [least, greatest]}, {log: "
                           "[least, greatest]}, {choice: [list]}",
                           source->key);
    enum status st = values_reserve(values, source->rule.limit, err);
    if (st != OK)
        return st;
    return choice ? draw_choices(values, source, entry, err)
                  : draw_numbers(values, source, entry, distribution, err);
}
