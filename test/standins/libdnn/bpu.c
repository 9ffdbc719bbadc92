/* The accelerator: cores that take tasks from the queue, the most urgent first. */
#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "tasks.h"

#define NS_PER_US 1000L
#define NS_PER_S 1000000000L

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void sleep_until(int64_t end_ns) {
  struct timespec end = {end_ns / NS_PER_S, end_ns % NS_PER_S};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR) {
  }
}

/* The most urgent queued task that this core may take, the oldest of its kind. */
static Task *next_task(const Bpu *bpu, int32_t core) {
  Task *best = NULL;
  for (Task *task = standin_tasks; task != NULL; task = task->next) {
    int32_t wanted = task->control.bpuCoreId;
    if (task->state == QUEUED && task->model->bpu == bpu
        && (wanted == HB_BPU_CORE_ANY || wanted == core + 1)
        && (best == NULL || task->control.priority > best->control.priority)) {
      best = task;
    }
  }
  return best;
}

/* A completion is a service time after the start, and an interval after the one before it. */
static int64_t end_of_service(Bpu *bpu, const Description *description, int64_t start_ns) {
  int64_t end_ns = start_ns + description->service_us * NS_PER_US;
  int64_t spaced_ns = bpu->last_end_ns + description->interval_us * NS_PER_US;
  bpu->last_end_ns = spaced_ns > end_ns ? spaced_ns : end_ns;
  return bpu->last_end_ns;
}

static void compute(const Task *task) {
  const Description *description = &task->model->description;
  size_t luma_size = standin_luma_size(description);
  const uint8_t *luma = task->luma->ddr;
  const uint8_t *chroma = task->chroma->ddr + (task->chroma == task->luma ? luma_size : 0);
  standin_classify(description, luma, chroma, task->output->ddr);
  standin_keep_picture(luma, chroma, luma_size);
}

/* Called and left with the lock held; the lock is free while the task is served. */
static void serve(Bpu *bpu, Task *task) {
  task->state = RUNNING;
  int64_t end_ns = end_of_service(bpu, &task->model->description, now_ns());
  pthread_mutex_unlock(&standin_lock);
  compute(task);
  sleep_until(end_ns);
  pthread_mutex_lock(&standin_lock);
  standin_wait_while_held();
  task->state = DONE;
  standin_end_task_use(task);
  if (task->released) {
    standin_destroy_task(task);
  } else {
    pthread_cond_broadcast(&task->done);
  }
}

static void *core_main(void *argument) {
  Bpu *bpu = argument;
  prctl(PR_SET_TIMERSLACK, 1);
  pthread_mutex_lock(&standin_lock);
  int32_t core = bpu->next_core++;
  while (!bpu->stopping) {
    Task *task = next_task(bpu, core);
    if (task != NULL) {
      serve(bpu, task);
    } else {
      pthread_cond_wait(&bpu->work, &standin_lock);
    }
  }
  pthread_mutex_unlock(&standin_lock);
  return NULL;
}

Bpu *standin_bpu_start(int32_t core_count) {
  Bpu *bpu = calloc(1, sizeof *bpu);
  bpu->core_count = core_count < STANDIN_MAX_CORES ? core_count : STANDIN_MAX_CORES;
  pthread_cond_init(&bpu->work, NULL);
  for (int32_t i = 0; i < bpu->core_count; ++i) {
    pthread_create(&bpu->cores[i], NULL, core_main, bpu);
  }
  return bpu;
}

bool standin_bpu_stop(Bpu *bpu) {
  for (Task *task = standin_tasks; task != NULL; task = task->next) {
    if (task->model->bpu == bpu) {
      return false;
    }
  }
  bpu->stopping = true;
  pthread_cond_broadcast(&bpu->work);
  pthread_mutex_unlock(&standin_lock);
  for (int32_t i = 0; i < bpu->core_count; ++i) {
    pthread_join(bpu->cores[i], NULL);
  }
  pthread_mutex_lock(&standin_lock);
  pthread_cond_destroy(&bpu->work);
  free(bpu);
  return true;
}
