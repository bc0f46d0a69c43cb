/* model.frozen: "none", "all", names of tensors, or "all except" and names. */
#include <string.h>

#include "base/text.h"
#include "gd.h"

/* What a list says: a tensor is named, and whether the named ones train or all others. */
struct frozen_list {
    bool named[TENSOR_ROWS];
    bool except;
};

static int find_row(const char *word)
{
    for (int row = 0; row < TENSOR_ROWS; row++)
        if (strcmp(tensor_name((enum tensor_row)row), word) == 0)
            return row;
    return -1;
}

/* At most a third of the word is wrong, else nothing is suggested. */
static enum status unknown_tensor(const char *word, struct error *err)
{
    int best = (int)strlen(word) / 3;
    const char *nearest = NULL;
    for (int row = 0; row < TENSOR_ROWS; row++) {
        const char *name = tensor_name((enum tensor_row)row);
        int distance = text_distance(word, name, best);
        if (distance > best || (nearest && distance == best))
            continue;
        nearest = name;
        best = distance;
    }
    if (nearest)
        return error_set(err, ERR_CONFIG, "'%s' is no tensor, did you mean %s?", word, nearest);
    return error_set(err, ERR_CONFIG,
                     "'%s' is no tensor; allowed are none, all, names of tensors (query, key, "
                     "value, project, ...), or all except and names",
                     word);
}

static enum status parse(struct frozen_list *list, const char *text, struct error *err)
{
    static const char except[] = "all except ";
    char words[KEY_TEXT_SIZE], *rest = words;
    *list = (struct frozen_list){.except = strcmp(text, "all") == 0};
    if (list->except || strcmp(text, "none") == 0)
        return OK;
    list->except = strncmp(text, except, sizeof except - 1) == 0;
    strncpy(words, list->except ? text + sizeof except - 1 : text, sizeof words - 1);
    words[sizeof words - 1] = '\0';
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        int row = find_row(word);
        if (row < 0)
            return unknown_tensor(word, err);
        if (list->named[row])
            return error_set(err, ERR_CONFIG, "'%s' is there twice", word);
        list->named[row] = true;
    }
    return OK;
}

enum status frozen_check(const char *text, struct error *err)
{
    struct frozen_list list;
    return parse(&list, text, err);
}

enum status frozen_mark(struct model *model, struct error *err)
{
    struct frozen_list list;
    enum status st = parse(&list, model->config.frozen.text, err);
    if (st != OK)
        return error_in(err, st, "model.frozen");
    bool there[TENSOR_ROWS] = {false};
    for (int i = 0; i < model->tensor_count; i++) {
        struct tensor *tensor = &model->tensors[i];
        there[tensor->row] = true;
        tensor->frozen = list.named[tensor->row] != list.except ||
                         gd_freezes(model, (enum tensor_row)tensor->row);
    }
    for (int row = 0; row < TENSOR_ROWS; row++)
        if (list.named[row] && !there[row])
            return error_set(err, ERR_CONFIG, "model.frozen: this model has no tensor %s",
                             tensor_name((enum tensor_row)row));
    return OK;
}
