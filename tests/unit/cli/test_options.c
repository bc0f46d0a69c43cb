#include "options.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

static enum status nothing(int *code, const struct command *self, int argc, char **argv,
                           struct error *err)
{
    (void)code, (void)self, (void)argc, (void)argv, (void)err;
    return OK;
}

static const struct command command = {"run", "SWEEP.yaml [key=value ...]", "carry out a sweep",
                                       nothing};

static const struct argp_option rows[] = {
    {"quick", OPTION_QUICK, NULL, 0, "", 0},
    {"output", OPTION_OUTPUT, "FILE.h5", 0, "", 0},
    {"yes", OPTION_YES, NULL, 0, "", 0},
    {"ranks", OPTION_RANKS, "N", 0, "", 0},
    {"markdown", OPTION_MARKDOWN, NULL, 0, "", 0},
    {"walltime", OPTION_WALLTIME, "TIME", 0, "", 0},
    {0},
};

enum { WORDS = 8 };

/* The words of a line, cut at spaces; returns how many. */
static int split(char **argv, char *line)
{
    int argc = 0;
    for (char *word; (word = strsep(&line, " "));)
        argv[argc++] = word;
    argv[argc] = NULL;
    return argc;
}

static const struct {
    const char *line, *message;
} refusals[] = {
    {"run --quik a.yaml", "mesasweep run: --quik: unknown option; did you mean --quick?"},
    {"run a.yaml --otput=x", "mesasweep run: --otput=x: unknown option; did you mean --output?"},
    {"run --colour", "mesasweep run: --colour: unknown option; 'mesasweep run --help' lists them"},
    {"run -x", "mesasweep run: -x: unknown option; 'mesasweep run --help' lists them"},
    {"run a.yaml -o", "mesasweep run: -o: needs a value, FILE.h5"},
    {"run a.yaml --output", "mesasweep run: --output: needs a value, FILE.h5"},
    {"run --output= a.yaml", "mesasweep run: --output: the name of the file is empty"},
    {"run --quick=1 a.yaml", "mesasweep run: --quick: takes no value"},
    {"run --ranks", "mesasweep run: --ranks: needs a value, N"},
    {"run --ranks=0", "mesasweep run: --ranks: takes a whole number from 1 to 1000000"},
    {"run --ranks=-2", "mesasweep run: --ranks: takes a whole number from 1 to 1000000"},
    {"run --ranks=2.5", "mesasweep run: --ranks: takes a whole number from 1 to 1000000"},
    {"run --ranks=1000001", "mesasweep run: --ranks: takes a whole number from 1 to 1000000"},
    {"run --ranks=99999999999999999999",
     "mesasweep run: --ranks: takes a whole number from 1 to 1000000"},
    {"run --ranks two", "mesasweep run: --ranks: takes a whole number from 1 to 1000000"},
    {"run --walltime", "mesasweep run: --walltime: needs a value, TIME"},
    {"run --walltime=0",
     "mesasweep run: --walltime: takes minutes, M:S, H:M:S or D-H:M:S, as Slurm does"},
    {"run --walltime=soon",
     "mesasweep run: --walltime: takes minutes, M:S, H:M:S or D-H:M:S, as Slurm does"},
    /* known to the program, but not to this command */
    {"run --json", "mesasweep run: --json: unknown option; 'mesasweep run --help' lists them"},
};

static void refuses_a_wrong_option_in_one_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        char line[128], *argv[WORDS];
        snprintf(line, sizeof line, "%s", refusals[i].line);
        int argc = split(argv, line);
        struct options options;
        struct error err = {""};
        enum status st = options_parse(&options, &command, rows, NULL, argc, argv, &err);
        assert_string_equal(err.text, refusals[i].message);
        assert_int_equal(st, ERR_USAGE);
    }
}

static void takes_options_before_and_after_the_words(void **state)
{
    (void)state;
    char line[] = "run --quick a.yaml -y seed=3 -o out.h5 --ranks=3 --wall 1-2 --mark";
    char *argv[WORDS + 6];
    int argc = split(argv, line);
    struct options options;
    struct error err = {""};
    assert_int_equal(options_parse(&options, &command, rows, NULL, argc, argv, &err), OK);
    assert_true(options.quick && options.yes && options.markdown);
    assert_false(options.json || options.csv || options.break_lock || options.help);
    assert_string_equal(options.output, "out.h5");
    assert_int_equal(options.ranks, 3);
    assert_true(options.walltime == 26 * 3600);
    assert_int_equal(options.word_count, 2);
    assert_string_equal(options.words[0], "a.yaml");
    assert_string_equal(options.words[1], "seed=3");
}

static void words_after_two_dashes_are_no_options(void **state)
{
    (void)state;
    char line[] = "run -- --quick.yaml";
    char *argv[WORDS];
    int argc = split(argv, line);
    struct options options;
    struct error err = {""};
    assert_int_equal(options_parse(&options, &command, rows, NULL, argc, argv, &err), OK);
    assert_int_equal(options.word_count, 1);
    assert_string_equal(options.words[0], "--quick.yaml");
}

static void counts_the_words(void **state)
{
    (void)state;
    char *words[] = {"a.yaml", "b.yaml"};
    struct options options = {.words = words, .word_count = 0};
    struct error err = {""};
    assert_int_equal(options_words(&options, &command, 1, 1, "the sweep file", &err), ERR_USAGE);
    assert_string_equal(err.text, "mesasweep run: the sweep file is missing; usage: mesasweep run "
                                  "SWEEP.yaml [key=value ...]");
    options.word_count = 2;
    assert_int_equal(options_words(&options, &command, 1, 1, "the sweep file", &err), ERR_USAGE);
    assert_string_equal(err.text, "mesasweep run: 'b.yaml' is too much; usage: mesasweep run "
                                  "SWEEP.yaml [key=value ...]");
    assert_int_equal(options_words(&options, &command, 1, 2, "the sweep file", &err), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_wrong_option_in_one_line),
        cmocka_unit_test(takes_options_before_and_after_the_words),
        cmocka_unit_test(words_after_two_dashes_are_no_options),
        cmocka_unit_test(counts_the_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
