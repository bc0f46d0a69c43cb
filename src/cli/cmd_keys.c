#include <stdio.h>
#include <string.h>

#include "json.h"
#include "key_table.h"
#include "options.h"
#include "show.h"
#include "sweep/plan.h"

static void print_text(void)
{
    struct cells *cells = cells_create(2);
    for (int i = 0; plan_section(i); i++) {
        cells_add(cells, plan_section(i)->name);
        cells_add(cells, plan_section(i)->about);
    }
    printf("Sections of a sweep file\n\n");
    cells_print(cells, "ll", "  ", stdout);
    cells_destroy(cells);

    cells = cells_create(5);
    for (int k = 0; k < schema_keys(&run_schema); k++) {
        const struct key *key = schema_key(&run_schema, k);
        char range[256];
        key_range(range, sizeof range, key);
        cells_add(cells, key->name);
        cells_add(cells, range);
        cells_add(cells, key_default(key));
        cells_add(cells, key_unit(key));
        cells_add(cells, key->help);
    }
    printf("\nKeys: name, what is allowed, default, unit, meaning\n\n");
    cells_print(cells, "lllll", "  ", stdout);
    cells_destroy(cells);

    printf("\nAnalyses\n\n");
    cells = cells_create(2);
    for (int i = 0; i < run_analyses(); i++) {
        cells_add(cells, run_analysis_name(i));
        cells_add(cells, run_analysis_about(i));
    }
    cells_print(cells, "ll", "  ", stdout);
    cells_destroy(cells);
}

/* A bar ends a cell of a Markdown table even inside backquotes. */
static void print_escaped(const char *text)
{
    for (; *text; text++)
        printf(*text == '|' ? "\\|" : "%c", *text);
}

static void print_markdown(void)
{
    printf("| section | meaning |\n|---|---|\n");
    for (int i = 0; plan_section(i); i++) {
        printf("| `%s` | ", plan_section(i)->name);
        print_escaped(plan_section(i)->about);
        printf(" |\n");
    }
    printf("\n| key | allowed | default | unit | meaning |\n|---|---|---|---|---|\n");
    for (int k = 0; k < schema_keys(&run_schema); k++) {
        const struct key *key = schema_key(&run_schema, k);
        char range[256];
        key_range(range, sizeof range, key);
        printf("| `%s` | ", key->name);
        print_escaped(range);
        printf(" | %s | %s | ", key_default(key), key_unit(key));
        print_escaped(key->help);
        printf(" |\n");
    }
    printf("\n| analysis | meaning |\n|---|---|\n");
    for (int i = 0; i < run_analyses(); i++) {
        printf("| `%s` | ", run_analysis_name(i));
        print_escaped(run_analysis_about(i));
        printf(" |\n");
    }
}

static void print_key(const struct key *key)
{
    static const char *const types[] = {
        [KEY_INT] = "integer",  [KEY_LONG] = "integer",  [KEY_REAL] = "number",
        [KEY_BOOL] = "boolean", [KEY_CHOICE] = "choice", [KEY_TEXT] = "text",
    };
    bool number = key->type == KEY_INT || key->type == KEY_LONG || key->type == KEY_REAL;
    fputs("{\"key\": ", stdout);
    json_text(stdout, key->name);
    json_member(stdout, "type", types[key->type]);
    if (number && (key->min != 0 || key->max != 0)) {
        fputs(", \"min\": ", stdout);
        json_number(stdout, key->min);
        fputs(", \"max\": ", stdout);
        json_number(stdout, key->max);
    }
    for (int i = 0; key->type == KEY_CHOICE && key->choices[i]; i++) {
        fputs(i ? ", " : ", \"choices\": [", stdout);
        json_text(stdout, key->choices[i]);
        fputs(key->choices[i + 1] ? "" : "]", stdout);
    }
    fputs(", \"default\": ", stdout);
    json_value(stdout, key->fallback ? key->fallback : "");
    if (key->unit)
        json_member(stdout, "unit", key->unit);
    json_member(stdout, "about", key->help);
    putchar('}');
}

static void print_json(void)
{
    json_begin(stdout, "keys");
    fputs(", \"keys\": [", stdout);
    for (int k = 0; k < schema_keys(&run_schema); k++) {
        fputs(k ? ",\n " : "\n ", stdout);
        print_key(schema_key(&run_schema, k));
    }
    fputs("], \"analyses\": [", stdout);
    for (int i = 0; i < run_analyses(); i++) {
        fputs(i ? ",\n {\"analysis\": " : "\n {\"analysis\": ", stdout);
        json_text(stdout, run_analysis_name(i));
        json_member(stdout, "about", run_analysis_about(i));
        putchar('}');
    }
    puts("]}");
}

enum status cmd_keys(int *code, const struct command *self, int argc, char **argv,
                     struct error *err)
{
    static const struct argp_option rows[] = {
        {"markdown", OPTION_MARKDOWN, NULL, 0, "Print the tables of the README", 0},
        {"json", OPTION_JSON, NULL, 0, "One JSON object", 0},
        {0},
    };
    struct options options;
    enum status st = options_parse(&options, self, rows, NULL, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = options_words(&options, self, 0, 0, "", err);
    if (st != OK)
        return st;
    if (options.json)
        print_json();
    else if (options.markdown)
        print_markdown();
    else
        print_text();
    *code = 0;
    return OK;
}
