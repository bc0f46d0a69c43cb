/* stored.h - a command line that names a result file, which says by itself how it was made. */
#ifndef CLI_STORED_H
#define CLI_STORED_H

#include "job.h"

/* The plan that the file was made from, with the analyses that it has. */
enum status stored_plan(struct plan **plan, const char *file, struct error *err) MUST_CHECK;

/* The whole sweep that these files hold parts of, with all their analyses. ERR_FILE for one of
 * another sweep. */
enum status stored_whole(struct plan **plan, char *const *files, int count,
                         struct error *err) MUST_CHECK;

/* The job is about the file of that name. */
enum status stored_file(struct job *job, const char *name, struct error *err) MUST_CHECK;

#endif
