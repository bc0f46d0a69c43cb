/* child.h - the engine child: works off the items of the bundle that lies in the region. */
#ifndef CLUSTER_CHILD_H
#define CLUSTER_CHILD_H

#include "region.h"

/* Runs in the freshly forked process and never returns. */
_Noreturn void child_main(struct control *control, int region, nursery_work work);

/* Exit codes of a child that could not even begin. */
enum { CHILD_NO_REGION = 120 };

#endif
