/* What the operands of an expression are, and what comes of them. */
#include <string.h>

#include "base/text.h"
#include "expression_tree.h"

static const char *const type_names[] = {"a whole number", "a number", "true or false", "a text"};

static bool is_number(enum type type)
{
    return type == INTEGER || type == REAL;
}

static enum status refuse_operand(const struct node *node, const char *sign, const char *allowed,
                                  enum type type, struct error *err)
{
    return error_set(err, ERR_CONFIG, "column %d: '%s' of %s, allowed is %s", node->column, sign,
                     type_names[type], allowed);
}

/* A text beside a choice is one of its choices. */
static enum status check_choice(const struct expression *expression, int choice, int text,
                                struct error *err)
{
    char shown[TEXT_SHOWN];
    const struct node *nodes = expression->nodes;
    if (nodes[choice].operation != OP_KEY || nodes[text].operation != OP_VALUE)
        return OK;
    const struct key *key = schema_key(expression->schema, nodes[choice].key);
    if (key->type != KEY_CHOICE)
        return OK;
    struct text names = {0};
    enum status st = ERR_CONFIG;
    for (int i = 0; key->choices[i]; i++) {
        if (strcmp(key->choices[i], nodes[text].value.text) == 0)
            st = OK;
        text_print(&names, "%s%s", i ? ", " : "", key->choices[i]);
    }
    if (st != OK)
        error_set(err, st, "column %d: %s is never '%s', allowed are %s", nodes[text].column,
                  key->name, text_show(shown, nodes[text].value.text),
                  names.data ? names.data : "");
    text_dispose(&names);
    return st;
}

static enum status type_comparison(struct node *node, const struct expression *expression,
                                   const struct binary *row, struct error *err)
{
    enum type left = expression->nodes[node->left].type;
    enum type right = expression->nodes[node->right].type;
    node->type = TRUTH;
    if (is_number(left) && is_number(right))
        return OK;
    if (is_number(left) || is_number(right) || left != right)
        return error_set(err, ERR_CONFIG,
                         "column %d: '%s' between %s and %s, which never are equal", node->column,
                         row->text, type_names[left], type_names[right]);
    if (row->operation != OP_EQUAL && row->operation != OP_UNEQUAL)
        return refuse_operand(node, row->text, "a number", left, err);
    if (left != TEXT)
        return OK;
    enum status st = check_choice(expression, node->left, node->right, err);
    return st == OK ? check_choice(expression, node->right, node->left, err) : st;
}

enum status types_of_binary(struct node *node, const struct expression *expression,
                            const struct binary *row, struct error *err)
{
    enum type types[2] = {expression->nodes[node->left].type, expression->nodes[node->right].type};
    if (row->level == LEVEL_COMPARISON)
        return type_comparison(node, expression, row, err);
    bool truth = row->level < LEVEL_COMPARISON;
    for (int i = 0; i < 2; i++)
        if (truth ? types[i] != TRUTH : !is_number(types[i]))
            return refuse_operand(node, row->text, truth ? "true or false" : "a number", types[i],
                                  err);
    bool integers = types[0] == INTEGER && types[1] == INTEGER;
    node->type = truth ? TRUTH : integers && row->operation != OP_DIVIDE ? INTEGER : REAL;
    return OK;
}

enum status types_of_prefix(struct node *node, const struct expression *expression,
                            const char *sign, struct error *err)
{
    bool not = node->operation == OP_NOT;
    node->type = expression->nodes[node->left].type;
    if (not ? node->type == TRUTH : is_number(node->type))
        return OK;
    return refuse_operand(node, sign, not ? "true or false" : "a number", node->type, err);
}

enum status types_of_whole(const struct node *root, struct error *err)
{
    if (root->type == TRUTH)
        return OK;
    return error_set(err, ERR_CONFIG,
                     "column 1: the whole is %s, allowed is a condition, as in model.depth > 1",
                     type_names[root->type]);
}
