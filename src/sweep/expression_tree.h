/* expression_tree.h - an expression between its reader and its walk. */
#ifndef SWEEP_EXPRESSION_TREE_H
#define SWEEP_EXPRESSION_TREE_H

#include "expression.h"

enum type { INTEGER, REAL, TRUTH, TEXT };

struct value {
    enum type type;
    union {
        int64_t integer;
        double real;
        bool truth;
        const char *text; /* of the expression, a table or the configuration */
    };
};

enum operation {
    OP_VALUE,
    OP_KEY,
    OP_NOT,
    OP_MINUS,
    OP_OR,
    OP_AND,
    OP_EQUAL,
    OP_UNEQUAL,
    OP_LESS,
    OP_AT_MOST,
    OP_MORE,
    OP_AT_LEAST,
    OP_ADD,
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_QUOTIENT,
    OP_REMAINDER,
};

struct node {
    enum operation operation;
    enum type type;     /* of what it yields */
    int column;         /* from 1 */
    int left, right;    /* operands: numbers of nodes */
    int key;            /* OP_KEY */
    struct value value; /* OP_VALUE */
};

struct expression {
    const struct schema *schema;
    struct node *nodes; /* owned; operands come before what takes them, the root is the last */
    int count;
    char *texts; /* owned: a copy of the source in which quoted texts end with a NUL */
};

/* Weakest first. */
enum level {
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_COMPARISON,
    LEVEL_SUM,
    LEVEL_PRODUCT,
    LEVEL_SIGN,
};

/* An operator between two operands. */
struct binary {
    const char *text;
    enum level level;
    enum operation operation;
};

/* The type of what a node yields, whose operands are there: ERR_CONFIG when it does not take them.
 */
enum status types_of_binary(struct node *node, const struct expression *expression,
                            const struct binary *row, struct error *err) MUST_CHECK;
enum status types_of_prefix(struct node *node, const struct expression *expression,
                            const char *sign, struct error *err) MUST_CHECK;

/* The whole is a condition. */
enum status types_of_whole(const struct node *root, struct error *err) MUST_CHECK;

#endif
