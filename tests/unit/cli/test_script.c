#include "script.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

static void a_shell_reads_back_what_was_quoted(void **state)
{
    (void)state;
    static const char *const words[] = {
        "",   "a b", "it's", "''", "$(false)", "`false`", "a\nb",
        "\\", "\"",  "-n",   "*",  "~",        "a;b",     "\t",
    };
    for (size_t i = 0; i < COUNT(words); i++) {
        struct text text = {0};
        char got[64];
        text_print(&text, "printf %%s ");
        script_quote(&text, words[i]);
        FILE *shell = popen(text.data, "r");
        assert_non_null(shell);
        size_t length = fread(got, 1, sizeof got - 1, shell);
        got[length] = '\0';
        assert_int_equal(pclose(shell), 0);
        assert_string_equal(got, words[i]);
        text_dispose(&text);
    }
}

static void the_script_asks_warns_runs_and_goes_on(void **state)
{
    (void)state;
    char *words[] = {"it's.yaml", "seed=$(id)"};
    struct options options = {.words = words, .word_count = 2};
    struct script script = {.name = "depth",
                            .program = "/opt/my programs/mesasweep",
                            .folder = "/home/a b",
                            .options = &options,
                            .about = "3 runs, about 2 hours on one core",
                            .tasks = 3,
                            .walltime = 5400,
                            .memory = 201e6};
    struct text text = {0};
    script_print(&text, &script);
    assert_string_equal(
        text.data,
        "#!/bin/bash\n"
        "#SBATCH --job-name=depth\n"
        "#SBATCH --ntasks=3 --cpus-per-task=1 --mem-per-cpu=250M\n"
        "#SBATCH --time=1:30:00\n"
        "#SBATCH --signal=B:USR1@120 --open-mode=append --requeue\n"
        "# 3 runs, about 2 hours on one core.\n"
        "# Two minutes before its end the job stops in good order (exit code 75) and submits the "
        "next one,\n"
        "# until every run is done.\n"
        "cd -- '/home/a b' || exit\n"
        "'/opt/my programs/mesasweep' run -- 'it'\\''s.yaml' 'seed=$(id)' &\n"
        "trap 'kill -USR1 $!' USR1\n"
        "trap 'kill -USR1 $!; over=1' TERM # scancel: stop in good order too, but for good\n"
        "while wait $!; code=$?; kill -0 $! 2>/dev/null; do :; done # a signal ends a wait early\n"
        "[ $code -eq 75 ] && [ ! \"$over\" ] && sbatch \"$0\"\n"
        "exit $code\n");
    text_dispose(&text);
}

static void every_option_is_in_the_script(void **state)
{
    (void)state;
    char *words[] = {"a.yaml"};
    struct options options = {.words = words,
                              .word_count = 1,
                              .file = "-o;.h5",
                              .quick = true,
                              .yes = true,
                              .requeue = true,
                              .srun = true};
    struct script script = {
        .name = "a", .program = "/m", .folder = "/", .options = &options, .about = "", .tasks = 1};
    struct text text = {0};
    script_print(&text, &script);
    assert_non_null(strstr(
        text.data, "\nsrun --mpi=pmix '/m' run --quick --yes --output='-o;.h5' -- 'a.yaml' &\n"));
    assert_non_null(strstr(text.data, " && scontrol requeue \"$SLURM_JOB_ID\"\n"));
    text_dispose(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shell_reads_back_what_was_quoted),
        cmocka_unit_test(the_script_asks_warns_runs_and_goes_on),
        cmocka_unit_test(every_option_is_in_the_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
