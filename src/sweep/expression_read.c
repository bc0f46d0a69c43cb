/* A reader by descent over levels of operators makes the tree. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/number.h"
#include "expression_tree.h"

/* ---- operators */

/* A longer operator stands before its beginning. */
static const struct binary operators[] = {
    {"or", LEVEL_OR, OP_OR},
    {"and", LEVEL_AND, OP_AND},
    {"==", LEVEL_COMPARISON, OP_EQUAL},
    {"!=", LEVEL_COMPARISON, OP_UNEQUAL},
    {"<=", LEVEL_COMPARISON, OP_AT_MOST},
    {"<", LEVEL_COMPARISON, OP_LESS},
    {">=", LEVEL_COMPARISON, OP_AT_LEAST},
    {">", LEVEL_COMPARISON, OP_MORE},
    {"+", LEVEL_SUM, OP_ADD},
    {"-", LEVEL_SUM, OP_SUBTRACT},
    {"*", LEVEL_PRODUCT, OP_MULTIPLY},
    {"//", LEVEL_PRODUCT, OP_QUOTIENT},
    {"/", LEVEL_PRODUCT, OP_DIVIDE},
    {"%", LEVEL_PRODUCT, OP_REMAINDER},
};

/* What other languages write. */
static const struct {
    const char *text, *remedy;
} foreign[] = {
    {"==", "it stands between two operands"},
    {"=", "equality is =="},
    {"!=", "it stands between two operands"},
    {"!", "it is written not"},
    {"&", "it is written and"},
    {"|", "it is written or"},
};

struct reading {
    struct expression *expression;
    const char *text, *at;
    int depth;
};

static int column_of(const struct reading *reading, const char *at)
{
    return (int)(at - reading->text) + 1;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_blanks(struct reading *reading)
{
    reading->at += strspn(reading->at, " \t\n");
}

/* Bytes of the word or number at `at`. */
static size_t word_length(const char *at)
{
    size_t length = 0;
    bool number = is_digit(at[0]) || at[0] == '.';
    while (is_letter(at[length]) || is_digit(at[length]) || at[length] == '.' ||
           (number && length > 0 && (at[length] == '-' || at[length] == '+') &&
            (at[length - 1] | 0x20) == 'e'))
        length++;
    return length;
}

static bool begins(const char *at, const char *word)
{
    size_t length = strlen(word);
    return strncmp(at, word, length) == 0 && (!is_letter(word[0]) || word_length(at) == length);
}

/* What stands at `at`, for messages: a word, or a character. */
static const char *show_next(char shown[TEXT_SHOWN], const char *at)
{
    char word[TEXT_SHOWN];
    size_t length = word_length(at);
    while (length == 0 && at[0] != '\0') {
        length = 1; /* with the rest of a UTF-8 character */
        while (((unsigned char)at[length] & 0xc0) == 0x80)
            length++;
    }
    length = length < sizeof word ? length : sizeof word - 1;
    memcpy(word, at, length);
    word[length] = '\0';
    return text_show(shown, word);
}

/* Something else stands where that is allowed. */
static enum status refuse_next(const struct reading *reading, const char *allowed,
                               struct error *err)
{
    char shown[TEXT_SHOWN];
    int column = column_of(reading, reading->at);
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
        if (begins(reading->at, foreign[i].text))
            return error_set(err, ERR_CONFIG, "column %d: '%s' is no operator here, %s", column,
                             foreign[i].text, foreign[i].remedy);
    if (*reading->at == '\0')
        return error_set(err, ERR_CONFIG, "column %d: ends where %s is allowed", column, allowed);
    return error_set(err, ERR_CONFIG, "column %d: '%s' where %s is allowed", column,
                     show_next(shown, reading->at), allowed);
}

static enum status refuse_operator(const struct reading *reading, struct error *err)
{
    return refuse_next(reading, "an operator (+ - * / // % == != < <= > >= and or)", err);
}

/* There is room: each node has a byte of text of its own. */
static void add(int *number, const struct reading *reading, const struct node *node)
{
    *number = reading->expression->count++;
    reading->expression->nodes[*number] = *node;
}

/* ---- reading */

static enum status read_level(int *number, struct reading *reading, enum level level,
                              struct error *err);

static enum status read_number(int *number, struct reading *reading, size_t length,
                               struct error *err)
{
    char word[TEXT_SHOWN], shown[TEXT_SHOWN];
    struct node node = {.operation = OP_VALUE, .column = column_of(reading, reading->at)};
    show_next(shown, reading->at);
    memcpy(word, shown, sizeof word);
    bool whole = strspn(word, "0123456789") == length;
    node.type = node.value.type = whole ? INTEGER : REAL;
    if (length >= sizeof word || !(whole ? number_parse_integer(&node.value.integer, word)
                                         : number_parse(&node.value.real, word)))
        return error_set(err, ERR_CONFIG, "column %d: '%s' is not a number", node.column, shown);
    reading->at += length;
    add(number, reading, &node);
    return OK;
}

static enum status read_text(int *number, struct reading *reading, struct error *err)
{
    const char *begin = reading->at + 1, *end = strchr(begin, reading->at[0]);
    int column = column_of(reading, reading->at);
    if (!end)
        return error_set(err, ERR_CONFIG, "column %d: a text without its closing %c", column,
                         reading->at[0]);
    char *texts = reading->expression->texts;
    texts[end - reading->text] = '\0';
    reading->at = end + 1;
    add(number, reading,
        &(struct node){.operation = OP_VALUE,
                       .type = TEXT,
                       .column = column,
                       .value = {.type = TEXT, .text = texts + (begin - reading->text)}});
    return OK;
}

static enum status refuse_word(const struct reading *reading, const char *word, int column,
                               struct error *err)
{
    char shown[TEXT_SHOWN];
    text_show(shown, word);
    const char *known = schema_suggest(reading->expression->schema, word);
    if (known)
        return error_set(err, ERR_CONFIG, "column %d: %s: unknown key, did you mean %s?", column,
                         shown, known);
    return error_set(err, ERR_CONFIG,
                     "column %d: %s: unknown key, 'mesasweep keys' lists all; a text stands in "
                     "quotes",
                     column, shown);
}

/* true, false, or a key. */
static enum status read_word(int *number, struct reading *reading, size_t length, struct error *err)
{
    static const enum type types[] = {
        [KEY_INT] = INTEGER, [KEY_LONG] = INTEGER, [KEY_REAL] = REAL,
        [KEY_BOOL] = TRUTH,  [KEY_CHOICE] = TEXT,  [KEY_TEXT] = TEXT,
    };
    const struct schema *schema = reading->expression->schema;
    char word[EXPRESSION_BYTES + 1];
    memcpy(word, reading->at, length);
    word[length] = '\0';
    struct node node = {.column = column_of(reading, reading->at), .type = TRUTH};
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
        node.value = (struct value){.type = TRUTH, .truth = word[0] == 't'};
    } else {
        node.operation = OP_KEY;
        node.key = schema_find(schema, word);
        if (node.key < 0)
            return refuse_word(reading, word, node.column, err);
        node.type = types[schema_key(schema, node.key)->type];
    }
    reading->at += length;
    add(number, reading, &node);
    return OK;
}

/* A parenthesis, a sign and `not` each go one deeper. */
static enum status read_deeper(int *number, struct reading *reading, enum level level,
                               struct error *err)
{
    if (reading->depth == EXPRESSION_DEPTH)
        return error_set(err, ERR_CONFIG, "column %d: nesting deeper than %d",
                         column_of(reading, reading->at), EXPRESSION_DEPTH);
    reading->depth++;
    enum status st = read_level(number, reading, level, err);
    reading->depth--;
    return st;
}

static enum status read_parenthesis(int *number, struct reading *reading, struct error *err)
{
    int column = column_of(reading, reading->at);
    reading->at++;
    enum status st = read_deeper(number, reading, LEVEL_OR, err);
    if (st != OK)
        return st;
    if (*reading->at == '\0')
        return error_set(err, ERR_CONFIG, "column %d: '(' without its ')'", column);
    if (*reading->at != ')')
        return refuse_operator(reading, err);
    reading->at++;
    skip_blanks(reading);
    return OK;
}

static enum status read_operand(int *number, struct reading *reading, struct error *err)
{
    size_t length = word_length(reading->at);
    bool word = length > 0 && !begins(reading->at, "and") && !begins(reading->at, "or") &&
                !begins(reading->at, "not");
    if (*reading->at == '(')
        return read_parenthesis(number, reading, err);
    if (*reading->at == '\'' || *reading->at == '"')
        return read_text(number, reading, err);
    if (is_digit(*reading->at) || *reading->at == '.')
        return read_number(number, reading, length, err);
    if (word)
        return read_word(number, reading, length, err);
    return refuse_next(reading, "a key, a number or a text in quotes", err);
}

/* `-`, or `not`. */
static enum status read_prefix(int *number, struct reading *reading, enum level level,
                               struct error *err)
{
    bool not = level == LEVEL_NOT;
    const char *sign = not ? "not" : "-";
    struct node node = {.operation = not ? OP_NOT : OP_MINUS,
                        .column = column_of(reading, reading->at)};
    reading->at += strlen(sign);
    enum status st = read_deeper(&node.left, reading, level, err);
    if (st != OK)
        return st;
    st = types_of_prefix(&node, reading->expression, sign, err);
    if (st != OK)
        return st;
    add(number, reading, &node);
    return OK;
}

static const struct binary *next_operator(const struct reading *reading, enum level level)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (begins(reading->at, operators[i].text))
            return operators[i].level == level ? &operators[i] : NULL;
    return NULL;
}

/* left (operator right)*, each right of the next level. */
static enum status read_binary(int *number, struct reading *reading, enum level level,
                               struct error *err)
{
    const struct binary *row;
    enum status st = read_level(number, reading, level + 1, err);
    for (int count = 0; st == OK && (row = next_operator(reading, level)); count++) {
        struct node node = {.operation = row->operation,
                            .column = column_of(reading, reading->at),
                            .left = *number};
        if (level == LEVEL_COMPARISON && count > 0)
            return error_set(err, ERR_CONFIG,
                             "column %d: '%s' after another comparison, join two by and",
                             node.column, row->text);
        reading->at += strlen(row->text);
        st = read_level(&node.right, reading, level + 1, err);
        if (st == OK)
            st = types_of_binary(&node, reading->expression, row, err);
        if (st == OK)
            add(number, reading, &node);
    }
    return st;
}

static enum status read_level(int *number, struct reading *reading, enum level level,
                              struct error *err)
{
    skip_blanks(reading);
    if (level == LEVEL_NOT && begins(reading->at, "not"))
        return read_prefix(number, reading, level, err);
    if (level == LEVEL_SIGN && *reading->at == '-')
        return read_prefix(number, reading, level, err);
    if (level < LEVEL_SIGN)
        return read_binary(number, reading, level, err);
    enum status st = read_operand(number, reading, err);
    skip_blanks(reading);
    return st;
}

static enum status read_whole(struct reading *reading, struct error *err)
{
    int root;
    skip_blanks(reading);
    enum status st = read_level(&root, reading, LEVEL_OR, err);
    if (st == OK && *reading->at)
        return refuse_operator(reading, err);
    if (st != OK)
        return st;
    return types_of_whole(&reading->expression->nodes[root], err);
}

enum status expression_read(struct expression **out, const struct schema *schema, const char *text,
                            struct error *err)
{
    size_t length = strlen(text);
    if (length > EXPRESSION_BYTES)
        return error_set(err, ERR_CONFIG,
                         "column %d: the condition has %zu bytes, at most %d are allowed",
                         EXPRESSION_BYTES + 1, length, EXPRESSION_BYTES);
    struct expression *expression = calloc(1, sizeof *expression);
    enum status st = OK;
    if (expression) {
        expression->schema = schema;
        expression->nodes = calloc(length + 1, sizeof *expression->nodes);
        expression->texts = strdup(text);
    }
    if (!expression || !expression->nodes || !expression->texts)
        st = error_set(err, ERR_MEMORY, "no memory for a condition");
    if (st == OK)
        st = read_whole(&(struct reading){expression, text, text, 0}, err);
    if (st == OK)
        *out = expression;
    else
        expression_destroy(expression);
    return st;
}
