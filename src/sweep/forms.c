/* Forms: maps that stand for many numbers. */
#include <math.h>

#include "reading.h"

struct range {
    double a, b, step;
    int64_t count;
};

static enum status check_count(const struct source *source, const struct yaml_node *node,
                               double count, double least, struct error *err)
{
    if (count != floor(count) || count < least || count > (double)source->rule.limit)
        return yaml_refuse(source->yaml, node, err,
                           "%s: %.12g values, allowed are %g..%lld (see limit)", source->key, count,
                           least, (long long)source->rule.limit);
    return OK;
}

static enum status read_count(struct range *range, const struct source *source,
                              const struct yaml_node *map, double least, struct error *err)
{
    const struct yaml_node *node = yaml_find(map, "count");
    double count = 0;
    enum status st = source_number(&count, source, node, err);
    if (st == OK)
        st = check_count(source, node, count, least, err);
    range->count = st == OK ? (int64_t)count : 0;
    return st;
}

static enum status read_counted(struct range *range, const struct source *source,
                                const struct yaml_node *map, struct error *err)
{
    *range = (struct range){.step = 1};
    return read_count(range, source, map, 1, err);
}

/* from, from + step, ... up to `to`, which is included when it is met but for rounding. */
static enum status read_steps(struct range *range, const struct source *source,
                              const struct yaml_node *map, struct error *err)
{
    enum status st = source_number(&range->a, source, yaml_find(map, "from"), err);
    if (st == OK)
        st = source_number(&range->b, source, yaml_find(map, "to"), err);
    if (st == OK)
        st = source_number(&range->step, source, yaml_find(map, "step"), err);
    if (st != OK)
        return st;
    double steps = (range->b - range->a) / range->step;
    if (range->step == 0 || steps < 0)
        return yaml_refuse(source->yaml, map, err, "%s: step does not lead from %.12g to %.12g",
                           source->key, range->a, range->b);
    double count = floor(steps * (1 + 1e-12) + 1e-9) + 1;
    st = check_count(source, map, count, 1, err);
    range->count = st == OK ? (int64_t)count : 0;
    return st;
}

static enum status read_ends(struct range *range, const struct source *source,
                             const struct yaml_node *list, struct error *err)
{
    double ends[2];
    enum status st = source_ends(ends, source, list, err);
    if (st == OK)
        *range = (struct range){.a = ends[0], .b = ends[1]};
    return st;
}

static enum status read_linear(struct range *range, const struct source *source,
                               const struct yaml_node *map, struct error *err)
{
    enum status st = read_ends(range, source, yaml_find(map, "linear"), err);
    return st == OK ? read_count(range, source, map, 2, err) : st;
}

static enum status read_log(struct range *range, const struct source *source,
                            const struct yaml_node *map, struct error *err)
{
    const struct yaml_node *ends = yaml_find(map, "log");
    enum status st = read_ends(range, source, ends, err);
    if (st == OK && (range->a <= 0 || range->b <= 0))
        return yaml_refuse(source->yaml, ends, err, "%s: log needs two numbers above 0",
                           source->key);
    return st == OK ? read_count(range, source, map, 2, err) : st;
}

static double step_value(const struct range *range, int64_t i)
{
    return range->a + (double)i * range->step;
}

static double linear_value(const struct range *range, int64_t i)
{
    return range->a + (range->b - range->a) * ((double)i / (double)(range->count - 1));
}

static double log_value(const struct range *range, int64_t i)
{
    return range->a * pow(range->b / range->a, (double)i / (double)(range->count - 1));
}

static const struct form {
    const char *keys[4];
    enum status (*read)(struct range *range, const struct source *source,
                        const struct yaml_node *map, struct error *err);
    double (*value)(const struct range *range, int64_t i);
} forms[] = {
    {{"from", "to", "step"}, read_steps, step_value},
    {{"log", "count"}, read_log, log_value},
    {{"linear", "count"}, read_linear, linear_value},
    {{"count"}, read_counted, step_value},
};

static const struct form *find_form(const struct yaml_node *map)
{
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        int found = 0;
        while (forms[f].keys[found] && yaml_find(map, forms[f].keys[found]))
            found++;
        if (!forms[f].keys[found] && found == map->count)
            return &forms[f];
    }
    return NULL;
}

enum status values_read_form(struct values *values, const struct source *source,
                             const struct yaml_node *map, struct error *err)
{
    const struct form *form = find_form(map);
    if (!form)
        return yaml_refuse(source->yaml, map, err,
                           "%s: a map that is no form, allowed are [list], {from, to, step}, "
                           "{log: [a, b], count}, {linear: [a, b], count}, {count}",
                           source->key);
    if (!values_are_numbers(values->key))
        return yaml_refuse(source->yaml, map, err,
                           "%s: forms make numbers, allowed are a value or a [list]", source->key);
    struct range range = {0};
    enum status st = form->read(&range, source, map, err);
    if (st == OK)
        st = values_reserve(values, range.count, err);
    for (int64_t i = 0; st == OK && i < range.count; i++) {
        st = values_set_number(values, i, form->value(&range, i), err);
        if (st != OK)
            yaml_place(source->yaml, map, st, err);
    }
    return st;
}
