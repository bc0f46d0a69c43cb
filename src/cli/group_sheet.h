/* group_sheet.h - runs that agree in some columns as one row, with aggregates of others. */
#ifndef CLI_GROUP_SHEET_H
#define CLI_GROUP_SHEET_H

#include "run_sheet.h"

struct group_sheet;

/* One row for each combination that the selection has of --group-by (else of all that was swept but
 * the seed), in the order in which they come; `runs`, the done ones of a group, which alone count;
 * then --columns (else what came out) by each of --agg (else mean and ci95), named test_loss_mean
 * and so on. --sort orders the groups by one of these columns. ERR_USAGE for what is no column or
 * no aggregate. */
enum status group_sheet_create(struct group_sheet **own, const struct reader *reader,
                               const struct selection *selection, const struct options *options,
                               enum run_sheet_names names, struct error *err) MUST_CHECK;
const struct sheet *group_sheet(const struct group_sheet *own);
void group_sheet_destroy(struct group_sheet *own);

#endif
