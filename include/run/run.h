/* run.h - one run from configuration to record. Knows no MPI, YAML or HDF5. */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include <stdbool.h>

#include "config/column.h"
#include "run/config.h"
#include "run/keep.h"
#include "run/record.h"

#include "model/model.h"

/* Raised only when golden bits of results change; a test forces it. */
enum { RESULTS_VERSION = 1 };

/* ---- analyses: names that a sweep may list under `analyses:` */
enum { RUN_ANALYSES_MAX = 64 };
int run_analyses(void);
const char *run_analysis_name(int i);
const char *run_analysis_about(int i);

/* ---- columns: those of training first, then those of each analysis */
int run_columns(void);
const struct column *run_column(int i);
/* The analysis (0..run_analyses()-1) that fills column i, or -1 for training. */
int run_column_analysis(int i);
/* Whether a run of this configuration fills column i, with these analyses (bit a = analysis a)
 * asked for. */
bool run_column_applies(const struct run_config *config, uint64_t analyses, int i);

/* The analyses that apply to a run of this configuration: bit a = analysis a. */
uint64_t run_analyses_for(const struct run_config *config);

/* ---- axes */
const struct axis *run_axis(enum column_axis axis);
/* Length for this run; the file takes the largest of its runs. */
int run_axis_length(const struct run_config *config, enum column_axis axis);

/* Step of the e-th evaluation, e = 0..evaluations-1: round(e steps / (evaluations - 1)). */
int64_t run_evaluation_step(const struct run_config *config, int e);

/* What a run of this configuration keeps of its weights. */
struct keep run_keep(const struct run_config *config);

/* ---- execution */

/* Refuses keys that do not fit each other (one line, ERR_CONFIG); fills `model` when not NULL. */
enum status run_check(const struct run_config *config, struct model *model,
                      struct error *err) MUST_CHECK;

/* Bytes of the arena and of the record of this run; multiply-adds in all, for the first estimate of
 * cost. */
size_t run_memory(const struct run_config *config, uint64_t analyses);
size_t run_record_bytes(const struct run_config *config, uint64_t analyses);
double run_cost(const struct run_config *config, uint64_t analyses);
/* The part of run_cost that is behind a run at its e-th evaluation, or between two: 0..1, below 1
 * when analyses follow. */
double run_share(const struct run_config *config, uint64_t analyses, double e);

double run_analysis_cost(const struct run_config *config, uint64_t analyses);

enum run_outcome { RUN_DONE, RUN_DIVERGED, RUN_STOPPED };

/* What the outside gives a run and hears from it. */
struct run_host {
    void *context;
    /* Of a run that starts from another (start_map): [start_count], the parameters of its model. */
    const float *start;
    size_t start_count;
    /* One more point of the curves; called from the loop, about 50 times a run. */
    void (*progress)(void *context, int evaluation, float train_loss, float test_loss);
    /* Asked once a step: true asks the run to stop; RUN_STOPPED is returned soon. */
    bool (*stop)(void *context);

    /* Checkpoints; a host without them leaves all of these out. A run that was saved and goes on
     * from there, at once or in another process, ends with the same bits. */
    uint64_t identity; /* of the run: what was saved for another one is refused */
    /* Asked once, first: copies at most `size` bytes of what was saved last, returns the length of
     * all of it; 0: there is nothing. */
    size_t (*restore)(void *context, unsigned char *bytes, size_t size);
    /* What restore gave is damaged or of another run, which starts anew. */
    void (*refuse)(void *context, const char *why);
    /* Asked once a step, after stop: whether to save now; share: of the training that is done. */
    bool (*due)(void *context, double share, bool stopping);
    void (*save)(void *context, const unsigned char *bytes, size_t size);
};

/* Trains, evaluates, analyses; fills the record. A loss that is not finite, or above 1e6 times the
 * first one, ends training as RUN_DIVERGED with the curves so far: a result, no error. ERR_CONFIG
 * also when the host does not give the weights that the run starts from. */
enum status run_execute(struct record *record, enum run_outcome *outcome,
                        const struct run_config *config, uint64_t analyses,
                        const struct run_host *host, struct error *err) MUST_CHECK;

/* Fills the record with the columns of these analyses only, of weights that run_execute left:
 * weights [count] are its tensors one behind the other, snapshots included, as the record has them.
 * Same bits as if run_execute had been asked for these analyses. ERR_CONFIG also when there are too
 * many or too few weights. */
enum status run_analyse(struct record *record, const struct run_config *config, uint64_t analyses,
                        const float *weights, size_t count, struct error *err) MUST_CHECK;

#endif
