/* What an expression says about a configuration: a walk over its tree. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "expression_tree.h"

/* What a walk needs, and where it failed: NULL while nothing has. */
struct walk {
    const struct expression *expression;
    const char *config;
    const char *problem;
    int column;
};

static struct value refuse(struct walk *walk, const struct node *node, const char *problem)
{
    if (!walk->problem) {
        walk->problem = problem;
        walk->column = node->column;
    }
    return (struct value){.type = node->type};
}

static struct value value_of_key(const struct walk *walk, const struct node *node)
{
    const struct schema *schema = walk->expression->schema;
    const struct key *key = schema_key(schema, node->key);
    const void *at = walk->config + schema_offset(schema, node->key);
    struct value value = {.type = node->type};
    switch (key->type) {
    case KEY_INT:
        value.integer = *(const int *)at;
        break;
    case KEY_LONG:
        value.integer = *(const int64_t *)at;
        break;
    case KEY_REAL:
        value.real = *(const double *)at;
        break;
    case KEY_BOOL:
        value.truth = *(const bool *)at;
        break;
    case KEY_CHOICE:
        value.text = key->choices[*(const int *)at];
        break;
    case KEY_TEXT:
        value.text = ((const struct key_text *)at)->text;
        break;
    }
    return value;
}

static double real_of(const struct value *value)
{
    return value->type == INTEGER ? (double)value->integer : value->real;
}

/* -1, 0, 1; 2 when they are unequal without an order. */
static int compare(const struct value *a, const struct value *b)
{
    if (a->type == TEXT)
        return strcmp(a->text, b->text) == 0 ? 0 : 2;
    if (a->type == TRUTH)
        return a->truth == b->truth ? 0 : 2;
    if (a->type == INTEGER && b->type == INTEGER)
        return (a->integer > b->integer) - (a->integer < b->integer);
    return (real_of(a) > real_of(b)) - (real_of(a) < real_of(b));
}

static bool is_met(enum operation operation, int order)
{
    switch (operation) {
    case OP_EQUAL:
        return order == 0;
    case OP_UNEQUAL:
        return order != 0;
    case OP_LESS:
        return order == -1;
    case OP_AT_MOST:
        return order <= 0;
    case OP_MORE:
        return order == 1;
    default:
        return order >= 0;
    }
}

static struct value integers(struct walk *walk, const struct node *node, int64_t a, int64_t b)
{
    struct value value = {.type = INTEGER};
    bool over = false, divides = node->operation == OP_QUOTIENT || node->operation == OP_REMAINDER;
    if (divides && b == 0)
        return refuse(walk, node, "division by zero");
    if (node->operation == OP_ADD)
        over = __builtin_add_overflow(a, b, &value.integer);
    else if (node->operation == OP_SUBTRACT)
        over = __builtin_sub_overflow(a, b, &value.integer);
    else if (node->operation == OP_MULTIPLY)
        over = __builtin_mul_overflow(a, b, &value.integer);
    else if (b == -1) /* the least integer has no opposite, and traps */
        over = node->operation == OP_QUOTIENT && __builtin_sub_overflow(0, a, &value.integer);
    else if (node->operation == OP_QUOTIENT)
        value.integer = a / b - (a % b != 0 && (a < 0) != (b < 0));
    else
        value.integer = a % b + (a % b != 0 && (a < 0) != (b < 0) ? b : 0);
    return over ? refuse(walk, node, "a number that is too large") : value;
}

static struct value reals(struct walk *walk, const struct node *node, double a, double b)
{
    struct value value = {.type = REAL};
    bool divides = node->operation >= OP_DIVIDE;
    if (divides && b == 0)
        return refuse(walk, node, "division by zero");
    if (node->operation == OP_ADD)
        value.real = a + b;
    else if (node->operation == OP_SUBTRACT)
        value.real = a - b;
    else if (node->operation == OP_MULTIPLY)
        value.real = a * b;
    else if (node->operation == OP_DIVIDE)
        value.real = a / b;
    else if (node->operation == OP_QUOTIENT)
        value.real = floor(a / b);
    else if ((value.real = fmod(a, b)) != 0 && (value.real < 0) != (b < 0))
        value.real += b;
    return isfinite(value.real) ? value : refuse(walk, node, "a number that is too large");
}

static struct value evaluate(struct walk *walk, int number);

static struct value apply(struct walk *walk, const struct node *node)
{
    struct value a = evaluate(walk, node->left), b = evaluate(walk, node->right);
    if (walk->problem) /* of the type that is asked for */
        return (struct value){.type = node->type};
    if (node->type == TRUTH)
        return (struct value){.type = TRUTH, .truth = is_met(node->operation, compare(&a, &b))};
    if (node->type == INTEGER)
        return integers(walk, node, a.integer, b.integer);
    return reals(walk, node, real_of(&a), real_of(&b));
}

static struct value change_sign(struct walk *walk, const struct node *node)
{
    struct value zero = {.type = node->type}, value = evaluate(walk, node->left);
    struct node minus = {.operation = OP_SUBTRACT, .type = node->type, .column = node->column};
    if (node->type == INTEGER)
        return integers(walk, &minus, zero.integer, value.integer);
    value.real = -value.real;
    return value;
}

/* Recursion ends: a tree has no more levels than its text has bytes. */
static struct value evaluate(struct walk *walk, int number)
{
    const struct node *node = &walk->expression->nodes[number];
    struct value value;
    switch (node->operation) {
    case OP_VALUE:
        return node->value;
    case OP_KEY:
        return value_of_key(walk, node);
    case OP_NOT:
        value = evaluate(walk, node->left);
        value.truth = !value.truth;
        return value;
    case OP_MINUS:
        return change_sign(walk, node);
    case OP_OR:
        value = evaluate(walk, node->left);
        return value.truth ? value : evaluate(walk, node->right);
    case OP_AND:
        value = evaluate(walk, node->left);
        return value.truth ? evaluate(walk, node->right) : value;
    default:
        return apply(walk, node);
    }
}

enum status expression_holds(bool *holds, const struct expression *expression, const void *config,
                             struct error *err)
{
    struct walk walk = {.expression = expression, .config = config};
    struct value value = evaluate(&walk, expression->count - 1);
    if (walk.problem)
        return error_set(err, ERR_CONFIG, "column %d: %s", walk.column, walk.problem);
    *holds = value.truth;
    return OK;
}

void expression_destroy(struct expression *expression)
{
    if (!expression)
        return;
    free(expression->nodes);
    free(expression->texts);
    free(expression);
}
