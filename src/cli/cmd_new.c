#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "options.h"
#include "output.h"

extern const char example_yaml[]; /* src/cli/example.yaml, made a part of the program by CMake */

enum { NAME_SIZE = 101 }; /* the longest that a sweep may have, and its end */

/* The name of a sweep that a file should have: the file's without folder and ending, of letters,
 * digits, dashes and underscores; others become dashes. */
static void sweep_name(char *name, size_t size, const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    while (*base && !isalnum((unsigned char)*base))
        base++;
    size_t length = strcspn(base, ".");
    snprintf(name, size, "%.*s", length > 0 ? (int)length : (int)size, length > 0 ? base : "sweep");
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '_')
            *c = '-';
}

/* The example with the name in the place of its own, in all its lines. */
static void compose(struct text *text, const char *name)
{
    static const char own[] = "example";
    const char *from = example_yaml;
    for (const char *at; (at = strstr(from, own)); from = at + strlen(own)) {
        text_add(text, from, (size_t)(at - from));
        text_print(text, "%s", name);
    }
    text_print(text, "%s", from);
}

enum status cmd_new(int *code, const struct command *self, int argc, char **argv, struct error *err)
{
    static const struct argp_option rows[] = {{0}};
    struct options options;
    struct text text = {0};
    char name[NAME_SIZE];
    enum status st = options_parse(&options, self, rows, NULL, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = options_words(&options, self, 1, 1, "a name for the sweep file", err);
    if (st != OK)
        return st;
    sweep_name(name, sizeof name, options.words[0]);
    compose(&text, name);
    st = output_new(options.words[0], &text, err);
    text_dispose(&text);
    if (st == OK)
        printf("%s: a sweep to begin with; 'mesasweep plan %s' tells what it would do\n",
               options.words[0], options.words[0]);
    *code = 0;
    return st;
}
