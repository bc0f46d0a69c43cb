/* reading.h - pieces that the readers of values share. */
#ifndef SWEEP_READING_H
#define SWEEP_READING_H

#include "values.h"

/* What is being read, for messages. */
struct source {
    const struct yaml *yaml;
    const char *key;
    struct values_rule rule;
};

/* Room for so many values. */
enum status values_reserve(struct values *values, int64_t count, struct error *err) MUST_CHECK;

/* Value i becomes what the text says, or what the number does: rounded to 12 significant digits,
 * so that the last bits of pow and of sums never decide an identity. */
enum status values_set_text(struct values *values, int64_t i, const char *text,
                            struct error *err) MUST_CHECK;
enum status values_set_number(struct values *values, int64_t i, double number,
                              struct error *err) MUST_CHECK;

enum status values_read_list(struct values *values, const struct source *source,
                             const struct yaml_node *list, struct error *err) MUST_CHECK;

/* {from, to, step} and the like: maps that stand for many numbers. */
enum status values_read_form(struct values *values, const struct source *source,
                             const struct yaml_node *map, struct error *err) MUST_CHECK;

/* {log: [a, b]} and the like: numbers that are drawn. */
enum status values_read_drawn(struct values *values, const struct source *source,
                              const struct yaml_node *map, struct error *err) MUST_CHECK;

/* A plain number; two of them in a list. */
enum status source_number(double *number, const struct source *source, const struct yaml_node *node,
                          struct error *err) MUST_CHECK;
enum status source_ends(double ends[2], const struct source *source, const struct yaml_node *list,
                        struct error *err) MUST_CHECK;

bool values_are_numbers(int key);

#endif
