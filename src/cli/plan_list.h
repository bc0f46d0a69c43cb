/* plan_list.h - the runs of a plan as a table. */
#ifndef CLI_PLAN_LIST_H
#define CLI_PLAN_LIST_H

#include "sweep/plan.h"

/* A line for each run: name, swept keys, memory, bytes of its results and weights, core-hours; and
 * one for all of them. Of any number of runs only a line is held in memory. */
enum status plan_list_print(const struct plan *plan, struct error *err) MUST_CHECK;

#endif
