/* inside.h - a run while it is carried out, shared by the files that train, analyse and tell. */
#ifndef RUN_INSIDE_H
#define RUN_INSIDE_H

#include "analysis/analysis.h"
#include "run/run.h"
#include "task/task.h"
#include "train/train.h"

struct run {
    const struct run_config *config;
    uint64_t analyses; /* asked for, and applying to this run */
    struct task task;
    struct model model;
    const struct kernels *kernels; /* NULL while measuring */
    struct arena arena;

    const float *start;      /* [parameters] of run_host, or NULL */
    struct trainer *trainer; /* NULL: the weights were trained before */
    const real *weights;     /* [parameters] then; else those of the trainer count */
    struct keep keep;
    real *snapshots; /* [keep.count][parameters] */
    double *losses;  /* [evaluation.tasks] */
    float *tensor;   /* [largest tensor] */
    void *states[RUN_ANALYSES_MAX];
    struct fits fits;
};

/* Fills all but the memory; ERR_CONFIG as run_check. */
enum status run_init(struct run *run, const struct run_config *config, uint64_t analyses,
                     struct error *err) MUST_CHECK;

/* Takes the memory of all analyses from run->arena, measuring or real. */
void run_lay_out_analyses(struct run *run);

double run_cost_of_analyses(const struct run *run);

/* Executes them on the weights of the run and puts their columns into the record. */
void run_put_analyses(struct record *record, struct run *run);

#endif
