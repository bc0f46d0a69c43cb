/* The sections of a sweep file: one row and one function each. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/number.h"
#include "parts.h"

static enum status no_memory(struct error *err)
{
    return error_set(err, ERR_MEMORY, "no memory for the sweep file");
}

static enum status keep_text(char **kept, const char *text, struct error *err)
{
    char *copy = strdup(text);
    if (!copy)
        return no_memory(err);
    free(*kept);
    *kept = copy;
    return OK;
}

/* ---- settings that win over everything: quick and the command line */

/* The items move out of `settings`. */
static enum status force_all(struct plan *plan, struct settings *settings, struct error *err)
{
    enum status st = OK;
    for (int i = 0; i < settings->count && st == OK; i++) {
        st = blocks_force(plan, &settings->items[i], err);
        if (st == OK)
            settings->items[i] = (struct values){0};
    }
    return st;
}

enum status document_override(struct plan *plan, const char *setting, struct error *err)
{
    char shown[TEXT_SHOWN];
    const struct values_rule many = {.allowed = MANY_VALUES, .limit = plan->limit};
    struct settings settings = {0};
    struct yaml yaml;
    const char *equals = strchr(setting, '=');
    if (!equals || equals == setting)
        return error_set(err, ERR_USAGE, "command line: '%s' is no key=value",
                         text_show(shown, setting));
    if (strpbrk(setting, "\r\n")) /* they are kept one a line */
        return error_set(err, ERR_USAGE, "command line: '%s' has more than one line",
                         text_show(shown, setting));
    char *name = strndup(setting, (size_t)(equals - setting));
    if (!name)
        return no_memory(err);
    enum status st = yaml_read_value(&yaml, "command line", equals + 1, strlen(equals + 1), err);
    if (st != OK)
        goto out;
    st = settings_read_key(&settings, name, &yaml, yaml.root, &many, err);
    if (st == OK)
        st = force_all(plan, &settings, err);
    settings_dispose(&settings);
    yaml_dispose(&yaml);
out:
    free(name);
    return st;
}

/* ---- sections */

/* The name becomes that of a file. */
static enum status read_name(struct plan *plan, const struct yaml *yaml,
                             const struct yaml_node *node, struct error *err)
{
    char shown[TEXT_SHOWN];
    bool good = isalnum((unsigned char)node->text[0]) && strlen(node->text) <= 100;
    for (const char *at = node->text; *at; at++)
        good = good && (isalnum((unsigned char)*at) || strchr("._-", *at));
    if (!good)
        return yaml_refuse(yaml, node, err,
                           "name: '%s' names no file, allowed are up to 100 letters, digits and "
                           ". _ -, the first a letter or digit",
                           text_show(shown, node->text));
    return keep_text(&plan->name, node->text, err);
}

static enum status read_about(struct plan *plan, const struct yaml *yaml,
                              const struct yaml_node *node, struct error *err)
{
    (void)yaml;
    return keep_text(&plan->about, node->text, err);
}

static enum status read_limit(struct plan *plan, const struct yaml *yaml,
                              const struct yaml_node *node, struct error *err)
{
    char shown[TEXT_SHOWN];
    if (!node->plain || !number_parse_integer(&plan->limit, node->text) || plan->limit < 1 ||
        plan->limit > LIMIT_MOST)
        return yaml_refuse(yaml, node, err, "limit: '%s' is no number of runs, allowed is 1..%d",
                           text_show(shown, node->text), LIMIT_MOST);
    return OK;
}

static enum status add_clause(struct clauses *clauses, const struct clause *clause,
                              struct error *err)
{
    size_t size = (size_t)(clauses->count + 1) * sizeof *clauses->items;
    struct clause *items = realloc(clauses->items, size);
    if (!items)
        return no_memory(err);
    items[clauses->count++] = *clause;
    clauses->items = items;
    return OK;
}

static enum status read_condition(struct settings *condition, struct plan *plan,
                                  const char *section, const struct yaml *yaml,
                                  const struct yaml_node *node, struct error *err)
{
    if (node->kind != YAML_MAP || node->count == 0)
        return yaml_refuse(yaml, node, err,
                           "%s: no condition, allowed is a map as in {model.depth: 1}", section);
    return blocks_read_bounded(condition, plan, yaml, node, err);
}

static enum status read_when_entry(struct clause *clause, struct plan *plan,
                                   const struct yaml *yaml, const struct yaml_node *node,
                                   struct error *err)
{
    const struct yaml_node *condition = node->kind == YAML_MAP ? yaml_find(node, "if") : NULL;
    const struct yaml_node *set = node->kind == YAML_MAP ? yaml_find(node, "set") : NULL;
    if (!condition || !set || node->count != 2 || set->kind != YAML_MAP)
        return yaml_refuse(yaml, node, err,
                           "when: an entry has two parts, as in {if: {tokens.kind: separate}, set: "
                           "{model.depth: 2}}");
    enum status st = read_condition(&clause->condition, plan, "when: if", yaml, condition, err);
    const struct values_rule one = {.allowed = ONE_VALUE, .limit = 1};
    return st == OK ? settings_read(&clause->set, yaml, set, &one, err) : st;
}

static enum status read_when(struct plan *plan, const struct yaml *yaml,
                             const struct yaml_node *node, struct error *err)
{
    enum status st = OK;
    for (const struct yaml_node *entry = node->first; st == OK && entry; entry = entry->next) {
        st = add_clause(&plan->when, &(struct clause){0}, err);
        if (st == OK)
            st = read_when_entry(&plan->when.items[plan->when.count - 1], plan, yaml, entry, err);
    }
    return st;
}

static enum status read_exclude(struct plan *plan, const struct yaml *yaml,
                                const struct yaml_node *node, struct error *err)
{
    enum status st = OK;
    for (const struct yaml_node *entry = node->first; st == OK && entry; entry = entry->next) {
        st = add_clause(&plan->exclude, &(struct clause){0}, err);
        if (st == OK)
            st = read_condition(&plan->exclude.items[plan->exclude.count - 1].condition, plan,
                                "exclude", yaml, entry, err);
    }
    return st;
}

static enum status read_requirement(struct requirement *requirement, const struct yaml *yaml,
                                    const struct yaml_node *node, struct error *err)
{
    if (node->kind != YAML_SCALAR)
        return yaml_refuse(yaml, node, err,
                           "require: no condition, allowed is a text as in \"model.depth > 1\"");
    requirement->line = node->line;
    requirement->column = node->column;
    enum status st = expression_read(&requirement->condition, &run_schema, node->text, err);
    if (st == OK)
        return OK;
    error_in(err, st, "require");
    return yaml_place(yaml, node, st, err);
}

/* One text, or a list of them. */
static enum status read_require(struct plan *plan, const struct yaml *yaml,
                                const struct yaml_node *node, struct error *err)
{
    int count = node->kind == YAML_LIST ? node->count : 1;
    const struct yaml_node *entry = node->kind == YAML_LIST ? node->first : node;
    plan->require = calloc((size_t)count + 1, sizeof *plan->require);
    enum status st = plan->require ? OK : no_memory(err);
    for (; st == OK && plan->require_count < count; entry = entry->next)
        st = read_requirement(&plan->require[plan->require_count++], yaml, entry, err);
    return st;
}

/* Mistakes are found whether it is used or not. */
static enum status read_quick(struct plan *plan, const struct yaml *yaml,
                              const struct yaml_node *node, struct error *err)
{
    const struct values_rule many = {.allowed = MANY_VALUES, .limit = plan->limit};
    struct settings settings = {0};
    enum status st = settings_read(&settings, yaml, node, &many, err);
    if (st == OK && plan->quick)
        st = force_all(plan, &settings, err);
    settings_dispose(&settings);
    return st;
}

static enum status refuse_analysis(const struct yaml *yaml, const struct yaml_node *node,
                                   struct error *err)
{
    char shown[TEXT_SHOWN];
    struct text names = {0};
    for (int i = 0; i < run_analyses(); i++)
        text_print(&names, "%s%s", i ? ", " : "", run_analysis_name(i));
    yaml_refuse(yaml, node, err, "analyses: '%s' is unknown, allowed are %s",
                node->text ? text_show(shown, node->text) : "a list or map",
                names.data ? names.data : "none");
    text_dispose(&names);
    return ERR_CONFIG;
}

static enum status read_analyses(struct plan *plan, const struct yaml *yaml,
                                 const struct yaml_node *node, struct error *err)
{
    plan->analyses = 0;
    plan->lists_analyses = true;
    for (const struct yaml_node *entry = node->first; entry; entry = entry->next) {
        int found = -1;
        for (int i = 0; entry->text && i < run_analyses(); i++)
            if (strcmp(entry->text, run_analysis_name(i)) == 0)
                found = i;
        if (found < 0)
            return refuse_analysis(yaml, entry, err);
        plan->analyses |= (uint64_t)1 << found;
    }
    return OK;
}

/* Read in this order, whatever the order in the file: limit bounds the rest, quick replaces. */
/* clang-format off */
static const struct section {
    struct plan_section shown;
    enum yaml_kind kind, other; /* allowed */
    enum status (*read)(struct plan *plan, const struct yaml *yaml, const struct yaml_node *node,
                        struct error *err);
} sections[] = {
    {{"name", "of the sweep and of its result file; without it that of the sweep file"},
     YAML_SCALAR, YAML_SCALAR, read_name},
    {{"about", "a text that is kept in the result file"},
     YAML_SCALAR, YAML_SCALAR, read_about},
    {{"limit", "more runs are refused; without it 1000000"},
     YAML_SCALAR, YAML_SCALAR, read_limit},
    {{"set", "settings of every run"},
     YAML_MAP, YAML_MAP, blocks_read_set},
    {{"grid", "every combination of values: [list], {from, to, step}, {log: [a, b], count}, "
              "{linear: [a, b], count}, {count: n} from 0"},
     YAML_MAP, YAML_MAP, blocks_read_grid},
    {{"zip", "list of maps: the keys of each have as many values, which go together; crosses with grid"},
     YAML_LIST, YAML_LIST, blocks_read_zip},
    {{"random", "{samples: n, over: {key: distribution}, quick: samples with --quick, stream: 0}, crosses "
                "with grid; distributions: {linear: [least, greatest]}, {log: [least, greatest]}, "
                "{choice: [list]}; sample k of a key stays when anything else changes"},
     YAML_MAP, YAML_MAP, blocks_read_random},
    {{"when", "list of {if: values of keys, set: settings}, for runs of grid, zip and random; later ones win"},
     YAML_LIST, YAML_LIST, read_when},
    {{"include", "list of maps: more runs, every combination of the values of each map on top of set; "
                 "without grid, zip and random there are no others"},
     YAML_LIST, YAML_LIST, blocks_read_include},
    {{"points", "file beside the sweep file: more runs, one a line, as {\"model.depth\": 2, \"seed\": 1} "
                "on top of set; plan --json writes such lines"},
     YAML_SCALAR, YAML_SCALAR, points_read},
    {{"exclude", "list of maps: a run that has values of all keys of one is left out"},
     YAML_LIST, YAML_LIST, read_exclude},
    {{"require", "condition, or list of them, that runs meet: keys, numbers, 'texts', true, false with "
                 "or, and, not, == != < <= > >=, + -, * / // %, ( ) as in Python"},
     YAML_SCALAR, YAML_LIST, read_require},
    {{"quick", "settings that --quick applies on top of all others"},
     YAML_MAP, YAML_MAP, read_quick},
    {{"analyses", "list of names; without it all that apply to a run"},
     YAML_LIST, YAML_LIST, read_analyses},
};
/* clang-format on */

enum { SECTIONS = sizeof sections / sizeof sections[0] };

const struct plan_section *plan_section(int i)
{
    return i < SECTIONS ? &sections[i].shown : NULL;
}

static enum status refuse_unknown(const struct yaml *yaml, const struct yaml_node *entry,
                                  struct error *err)
{
    char shown[TEXT_SHOWN];
    struct text names = {0};
    int best = 2;
    const char *nearest = NULL;
    for (int i = 0; i < SECTIONS; i++) {
        int distance = text_distance(entry->key->text, sections[i].shown.name, best);
        if (distance < best || (distance == best && !nearest)) {
            best = distance;
            nearest = sections[i].shown.name;
        }
        text_print(&names, "%s%s", i ? ", " : "", sections[i].shown.name);
    }
    yaml_refuse(yaml, entry->key, err, "%s: unknown section, %s%s%sallowed are %s",
                text_show(shown, entry->key->text), nearest ? "did you mean " : "",
                nearest ? nearest : "", nearest ? "? " : "", names.data ? names.data : "others");
    text_dispose(&names);
    return ERR_CONFIG;
}

static enum status check_sections(const struct yaml *yaml, struct error *err)
{
    static const char *const kinds[] = {
        [YAML_SCALAR] = "a text", [YAML_LIST] = "a list", [YAML_MAP] = "a map of keys"};
    for (const struct yaml_node *entry = yaml->root->first; entry; entry = entry->next) {
        int i = 0;
        while (i < SECTIONS && strcmp(sections[i].shown.name, entry->key->text) != 0)
            i++;
        if (i == SECTIONS)
            return refuse_unknown(yaml, entry, err);
        if (entry->kind == YAML_SCALAR && entry->plain && entry->text[0] == '\0')
            return yaml_refuse(yaml, entry->key, err, "%s: nothing in it, leave it out or fill it",
                               sections[i].shown.name);
        bool two = sections[i].kind != sections[i].other;
        if (entry->kind != sections[i].kind && entry->kind != sections[i].other)
            return yaml_refuse(yaml, entry, err, "%s: is %s, allowed is %s%s%s",
                               sections[i].shown.name, kinds[entry->kind], kinds[sections[i].kind],
                               two ? " or " : "", two ? kinds[sections[i].other] : "");
    }
    return OK;
}

/* Runs that are listed one by one need no grid beside them. */
static bool is_gridless(const struct yaml *yaml)
{
    bool grid = yaml_find(yaml->root, "grid") || yaml_find(yaml->root, "zip") ||
                yaml_find(yaml->root, "random");
    return !grid && (yaml_find(yaml->root, "include") || yaml_find(yaml->root, "points"));
}

enum status document_read(struct plan *plan, const struct yaml *yaml, struct error *err)
{
    enum status st = check_sections(yaml, err);
    if (st == OK && plan->quick && !yaml_find(yaml->root, "quick"))
        return yaml_refuse(yaml, yaml->root, err,
                           "quick: --quick needs a section quick, which this file has not");
    plan->gridless = is_gridless(yaml);
    for (int i = 0; i < SECTIONS && st == OK; i++) {
        const struct yaml_node *node = yaml_find(yaml->root, sections[i].shown.name);
        if (node)
            st = sections[i].read(plan, yaml, node, err);
    }
    return st;
}
