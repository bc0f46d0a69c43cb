#include "script.h"

#include <math.h>
#include <string.h>

#include "cluster/walltime.h"

#define MEMORY_STEP 50.0 /* MB */

void script_quote(struct text *text, const char *word)
{
    text_add(text, "'", 1);
    for (const char *c = word; *c; c++)
        if (*c == '\'')
            text_add(text, "'\\''", 4);
        else
            text_add(text, c, 1);
    text_add(text, "'", 1);
}

static void print_wishes(struct text *text, const struct script *script)
{
    char time[32];
    double megabytes = MEMORY_STEP * ceil(script->memory / 1e6 / MEMORY_STEP);
    text_print(text,
               "#SBATCH --job-name=%s\n"
               "#SBATCH --ntasks=%d --cpus-per-task=1 --mem-per-cpu=%.0fM\n"
               "#SBATCH --time=%s\n"
               "#SBATCH --signal=B:USR1@120 --open-mode=append --requeue\n",
               script->name, script->tasks, megabytes,
               walltime_text(time, sizeof time, script->walltime));
}

/* `mesasweep run` with all that the command line said. */
static void print_command(struct text *text, const struct script *script)
{
    const struct options *options = script->options;
    if (options->srun)
        text_print(text, "srun --mpi=pmix ");
    script_quote(text, script->program);
    text_print(text, " run%s%s", options->quick ? " --quick" : "", options->yes ? " --yes" : "");
    if (options->file) {
        text_print(text, " --output=");
        script_quote(text, options->file);
    }
    text_print(text, " --");
    for (int i = 0; i < options->word_count; i++) {
        text_print(text, " ");
        script_quote(text, options->words[i]);
    }
    text_print(text, " &\n");
}

void script_print(struct text *text, const struct script *script)
{
    text_print(text, "#!/bin/bash\n");
    print_wishes(text, script);
    text_print(text,
               "# %s.\n"
               "# Two minutes before its end the job stops in good order (exit code 75) and %s,\n"
               "# until every run is done.\n"
               "cd -- ",
               script->about,
               script->options->requeue ? "is queued again" : "submits the next one");
    script_quote(text, script->folder);
    text_print(text, " || exit\n");
    print_command(text, script);
    text_print(text,
               "trap 'kill -USR1 $!' USR1\n"
               "trap 'kill -USR1 $!; over=1' TERM # scancel: stop in good order too, but for "
               "good\n"
               "while wait $!; code=$?; kill -0 $! 2>/dev/null; do :; done # a signal ends a wait "
               "early\n"
               "[ $code -eq 75 ] && [ ! \"$over\" ] && %s\n"
               "exit $code\n",
               script->options->requeue ? "scontrol requeue \"$SLURM_JOB_ID\"" : "sbatch \"$0\"");
}
