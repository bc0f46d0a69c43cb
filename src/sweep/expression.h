/* expression.h - conditions on the keys of a run: "model.key_size % model.heads == 0".
 *
 * Read once against a schema, then asked of many configurations. Operators, weakest first:
 *
 *   or    and    not    == != < <= > >=    + -    * / // %    - (sign)    ( )
 *
 * and their meaning are Python's: / makes a real, // and % round down, `and` and `or` look at the
 * right side only when they need it. Operands are keys by their whole names, numbers, true, false
 * and texts in quotes ('joint' or "joint", without escapes). A whole number is an int64_t, any
 * other a double; a whole number beside a real one becomes real. Types are known when an expression
 * is read, so that whatever is wrong with them is found before the first run. Nothing is ever
 * executed but this.
 */
#ifndef SWEEP_EXPRESSION_H
#define SWEEP_EXPRESSION_H

#include <stdbool.h>

#include "config/key.h"

enum { EXPRESSION_BYTES = 1000, EXPRESSION_DEPTH = 32 };

struct expression;

/* ERR_CONFIG "column 7: ..." for what is no condition, or longer than EXPRESSION_BYTES, or nested
 * deeper than EXPRESSION_DEPTH. */
enum status expression_read(struct expression **expression, const struct schema *schema,
                            const char *text, struct error *err) MUST_CHECK;

void expression_destroy(struct expression *expression);

/* Whether it is true of config. ERR_CONFIG "column 7: ..." for a division by zero and for a number
 * that is too large: all that can go wrong. */
enum status expression_holds(bool *holds, const struct expression *expression, const void *config,
                             struct error *err) MUST_CHECK;

#endif
