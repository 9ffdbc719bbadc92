/* What the task functions and the BPU's cores share; all of it guarded by `standin_lock`. */
#ifndef STANDIN_TASKS_H
#define STANDIN_TASKS_H

#include "standin.h"

#define STANDIN_MAX_CORES 2

typedef enum { QUEUED, RUNNING, DONE } TaskState;

typedef struct Task {
  const Model *model;
  Block *luma;
  Block *chroma;
  Block *output;
  hbDNNInferCtrlParam control;
  TaskState state;
  bool released;
  pthread_cond_t done;
  struct Task *next;
} Task;

struct Bpu {
  pthread_t cores[STANDIN_MAX_CORES];
  int32_t core_count;
  int32_t next_core;
  bool stopping;
  int64_t last_end_ns;
  pthread_cond_t work;
};

/* Every task that is not gone, in the order of submission. */
extern Task *standin_tasks;

void standin_end_task_use(Task *task);
void standin_destroy_task(Task *task);

#endif
