#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "diff.h"
#include "json.h"

enum { EXIT_DIFFERENT = 1 };

void diff_dispose(struct diff *diff)
{
    lines_dispose(&diff->settings);
    lines_dispose(&diff->columns);
    lines_dispose(&diff->only);
}

static void print_lines(const char *heading, const struct lines *lines)
{
    if (lines->sheet.rows == 0)
        return;
    printf("\n%s\n", heading);
    sheet_print_text(&lines->sheet, stdout);
}

static void print_text(const struct diff *diff, const struct options *options)
{
    printf("first:  %s\nsecond: %s\n", options->words[0], options->words[1]);
    if (!diff->sides[0].run)
        printf("\n%" PRId64 " runs in both, %" PRId64 " only in the first, %" PRId64
               " only in the second\n",
               diff->both, diff->alone[0], diff->alone[1]);
    if (diff->ended > 0)
        printf("%" PRId64 " runs of both have another status\n", diff->ended);
    print_lines("settings that differ", &diff->settings);
    if (diff->sides[0].run)
        print_lines("results; of arrays the last value, and the largest difference relative to it",
                    &diff->columns);
    else
        print_lines("results that differ: in how many runs of both, and at most how much relative "
                    "to them (-: only one has a number)",
                    &diff->columns);
    print_lines("columns that one file has", &diff->only);
}

static void print_sheet(const char *name, const struct lines *lines)
{
    printf(",\n\"%s\": ", name);
    sheet_print_json(&lines->sheet, stdout);
}

static void print_json(const struct diff *diff, const struct options *options)
{
    json_begin(stdout, "diff");
    json_member(stdout, "first", options->words[0]);
    json_member(stdout, "second", options->words[1]);
    if (!diff->sides[0].run)
        printf(", \"both\": %" PRId64 ", \"only_first\": %" PRId64 ", \"only_second\": %" PRId64
               ", \"other_status\": %" PRId64,
               diff->both, diff->alone[0], diff->alone[1], diff->ended);
    print_sheet("settings", &diff->settings);
    print_sheet("results", &diff->columns);
    if (!diff->sides[0].run)
        print_sheet("columns", &diff->only);
    puts("}");
}

/* A file that is there is one, whatever its name. */
static enum status parse(struct diff_side *side, const char *word, struct error *err)
{
    const char *colon = strrchr(word, ':');
    *side = (struct diff_side){"", NULL};
    if (strlen(word) >= sizeof side->file)
        return error_set(err, ERR_USAGE, "%.40s...: the name is too long", word);
    strcpy(side->file, word);
    if (!colon || access(word, F_OK) == 0)
        return OK;
    side->file[colon - word] = '\0';
    side->run = colon + 1;
    return OK;
}

/* Whether something is not the same. */
static bool differs(const struct diff *diff)
{
    bool other = diff->alone[0] + diff->alone[1] + diff->ended + diff->settings.sheet.rows > 0;
    if (!diff->sides[0].run)
        return other || diff->columns.sheet.rows + diff->only.sheet.rows > 0;
    for (int64_t row = 0; row < diff->columns.sheet.rows && !other; row++)
        other = diff->columns.sheet.cell(&diff->columns, row, 3).number != 0;
    return other;
}

enum status cmd_diff(int *code, const struct command *self, int argc, char **argv,
                     struct error *err)
{
    static const struct argp_option rows[] = {
        {"json", OPTION_JSON, NULL, 0, "One JSON object", 0},
        {0},
    };
    static const char more[] =
        "Two files: runs, settings and columns that are not in both, and results of common runs "
        "that differ. Two runs, by their names or the first digits of them: their settings and "
        "results side by side. The exit code is 1 when something differs.";
    struct options options;
    struct diff_side sides[2];
    struct diff diff;
    enum status st = options_parse(&options, self, rows, more, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = options_pair(&options, self, "the first file or run", "the second file or run", err);
    for (int side = 0; side < 2 && st == OK; side++)
        st = parse(&sides[side], options.words[side], err);
    if (st == OK && !sides[0].run != !sides[1].run)
        st = error_set(err, ERR_USAGE,
                       "mesasweep diff: takes two files, or two runs as FILE.h5:RUN, not one of "
                       "each");
    if (st != OK)
        return st;
    st = (sides[0].run ? diff_runs : diff_files)(&diff, sides, err);
    if (st == OK) {
        (options.json ? print_json : print_text)(&diff, &options);
        *code = differs(&diff) ? EXIT_DIFFERENT : 0;
    }
    diff_dispose(&diff);
    return st;
}
