#include "one_run.h"
#include "show_run.h"

enum status cmd_show(int *code, const struct command *self, int argc, char **argv,
                     struct error *err)
{
    return one_run(code, self, show_run, argc, argv, err);
}
