/* values.h - the values that a sweep file gives one key: one, or the points of an axis. */
#ifndef SWEEP_VALUES_H
#define SWEEP_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "config/yaml.h"
#include "run/config.h"

struct values {
    int key; /* of run_schema */
    int64_t count;
    unsigned char *data; /* owned; `count` values as they lie in a configuration */
    int line, column;    /* where they were given; line 0: on the command line */
};

/* What may stand for a value: */
enum values_allowed {
    ONE_VALUE,    /* a single value */
    MANY_VALUES,  /* also [list], {from, to, step}, {log: [a, b], count}, {linear: [a, b], count},
                     {count: n} */
    DRAWN_VALUES, /* one of {linear: [least, greatest]}, {log: [least, greatest]}, {choice: [list]}:
                     `limit` values, each drawn by itself */
};

struct values_rule {
    enum values_allowed allowed;
    int64_t limit;   /* more values are refused */
    uint64_t stream; /* of DRAWN_VALUES: value i of a key is a function of (stream, name of the key,
                        i) and of what it is drawn from */
};

/* Reads the node as values of the key. */
enum status values_read(struct values *values, int key, const struct yaml *yaml,
                        const struct yaml_node *node, const struct values_rule *rule,
                        struct error *err) MUST_CHECK;

enum status values_copy(struct values *copy, const struct values *values,
                        struct error *err) MUST_CHECK;

void values_dispose(struct values *values);

/* config's value of the key becomes value i. */
void values_put(struct run_config *config, const struct values *values, int64_t i);

/* Whether config's value of the key is one of the values. */
bool values_match(const struct run_config *config, const struct values *values);

#endif
