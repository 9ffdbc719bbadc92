/* Submit, wait for and release tasks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tasks.h"

#define NS_PER_MS 1000000L
#define NS_PER_S 1000000000L

Task *standin_tasks;

int64_t standin_task_count(void) {
  int64_t count = 0;
  for (Task *task = standin_tasks; task != NULL; task = task->next) {
    ++count;
  }
  return count;
}

int64_t standin_running_count(void) {
  int64_t count = 0;
  for (Task *task = standin_tasks; task != NULL; task = task->next) {
    count += task->state == RUNNING;
  }
  return count;
}

void standin_end_task_use(Task *task) {
  standin_end_use(task->luma);
  standin_end_use(task->chroma);
  standin_end_use(task->output);
}

void standin_destroy_task(Task *task) {
  Task **link = &standin_tasks;
  while (*link != task) {
    link = &(*link)->next;
  }
  *link = task->next;
  pthread_cond_destroy(&task->done);
  free(task);
}

static Task *find_task(hbDNNTaskHandle_t handle) {
  for (Task *task = standin_tasks; task != NULL; task = task->next) {
    if (task == handle && !task->released) {
      return task;
    }
  }
  return NULL;
}

static bool same_shape(const hbDNNTensorShape *one, const hbDNNTensorShape *other) {
  size_t size = sizeof one->dimensionSize[0] * (size_t)one->numDimensions;
  return one->numDimensions == other->numDimensions
      && memcmp(one->dimensionSize, other->dimensionSize, size) == 0;
}

/* Return what is wrong with the request, or NULL. */
static const char *wrong_control(const hbDNNInferCtrlParam *control, const Model *model) {
  if (control == NULL) {
    return "no control parameters";
  }
  if (control->bpuCoreId < 0 || control->bpuCoreId > model->bpu->core_count) {
    return "a core that there is not";
  }
  if (control->priority < 0 || control->priority > 255) {
    return "a priority beyond 255";
  }
  if (control->dspCoreId != 0 || control->more != 0 || control->customId != 0
      || control->reserved1 != 0 || control->reserved2 != 0) {
    return "control parameters that are not initialised";
  }
  return NULL;
}

static const char *wrong_input(const hbDNNTensor *input, const Description *description) {
  int32_t type = input->properties.tensorType;
  if (type != HB_DNN_IMG_TYPE_NV12 && type != HB_DNN_IMG_TYPE_NV12_SEPARATE) {
    return "an input that is not NV12";
  }
  if (!same_shape(&input->properties.validShape, &description->input.validShape)) {
    return "an input of another shape";
  }
  if (!same_shape(&input->properties.alignedShape, &input->properties.validShape)) {
    return "an unpadded input whose aligned shape is not its valid shape";
  }
  return NULL;
}

static const char *find_blocks(Task *task, const hbDNNTensor *input, const hbDNNTensor *output) {
  const Description *description = &task->model->description;
  uint32_t luma_size = (uint32_t)standin_luma_size(description);
  bool separate = input->properties.tensorType == HB_DNN_IMG_TYPE_NV12_SEPARATE;
  uint32_t first_size = separate ? luma_size : luma_size / 2 * 3;
  task->luma = standin_find_physical(input->sysMem[0].phyAddr, first_size);
  task->chroma = task->luma;
  if (separate) {
    task->chroma = standin_find_physical(input->sysMem[1].phyAddr, luma_size / 2);
  }
  if (task->luma == NULL || task->chroma == NULL) {
    return "an input that is not allocated, or too small";
  }
  task->output = standin_find_physical(
      output->sysMem[0].phyAddr, (uint32_t)description->output.alignedByteSize);
  if (task->output == NULL) {
    return "an output that is not allocated, or too small";
  }
  if (task->luma->users + task->chroma->users + task->output->users > 0) {
    return "tensors that another task is using";
  }
  if (!task->luma->cleaned || !task->chroma->cleaned) {
    return "an input that was not cleaned since the last inference";
  }
  return NULL;
}

static Task *submit(Task task) {
  Task *submitted = malloc(sizeof *submitted);
  *submitted = task;
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&submitted->done, &monotonic);
  pthread_condattr_destroy(&monotonic);
  submitted->luma->cleaned = submitted->chroma->cleaned = false;
  ++submitted->luma->users;
  ++submitted->chroma->users;
  ++submitted->output->users;
  Task **link = &standin_tasks;
  while (*link != NULL) {
    link = &(*link)->next;
  }
  *link = submitted;
  pthread_cond_broadcast(&task.model->bpu->work);
  return submitted;
}

int32_t hbDNNInfer(
    hbDNNTaskHandle_t *task,
    hbDNNTensor **output,
    const hbDNNTensor *input,
    hbDNNHandle_t handle,
    hbDNNInferCtrlParam *control) {
  int32_t status = standin_enter("hbDNNInfer");
  if (status != 0) {
    return status;
  }
  pthread_mutex_lock(&standin_lock);
  Task wanted = {.model = standin_find_model(handle)};
  const char *wrong = NULL;
  status = HB_DNN_INVALID_ARGUMENT;
  if (wanted.model == NULL) {
    wrong = "a model that is not loaded";
  } else if (task == NULL || *task != NULL) {
    wrong = "a task handle that is not NULL";
  } else if (output == NULL || *output == NULL || input == NULL) {
    wrong = "no tensors";
  } else if (standin_task_count() >= HB_DNN_MAX_TASKS) {
    wrong = "32 tasks in flight already";
    status = HB_DNN_TASK_NUM_EXCEED_LIMIT;
  }
  wrong = wrong ? wrong : wrong_control(control, wanted.model);
  wrong = wrong ? wrong : wrong_input(input, &wanted.model->description);
  wrong = wrong ? wrong : find_blocks(&wanted, input, *output);
  if (wrong != NULL) {
    standin_note_misuse("hbDNNInfer with %s", wrong);
  } else {
    wanted.control = *control;
    standin_keep_control(control);
    *task = submit(wanted);
    status = HB_DNN_SUCCESS;
  }
  pthread_mutex_unlock(&standin_lock);
  return status;
}

static struct timespec after_ms(int32_t milliseconds) {
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  int64_t nanoseconds = end.tv_nsec + milliseconds * NS_PER_MS;
  end.tv_sec += nanoseconds / NS_PER_S;
  end.tv_nsec = nanoseconds % NS_PER_S;
  return end;
}

int32_t hbDNNWaitTaskDone(hbDNNTaskHandle_t handle, int32_t timeout_ms) {
  int32_t ordered = standin_enter("hbDNNWaitTaskDone");
  if (ordered == HB_DNN_TIMEOUT) {
    return ordered;
  }
  pthread_mutex_lock(&standin_lock);
  Task *task = find_task(handle);
  int32_t status = HB_DNN_SUCCESS;
  if (task == NULL) {
    standin_note_misuse("hbDNNWaitTaskDone of a task that is not there");
    status = HB_DNN_INVALID_TASK_HANDLE;
  } else {
    struct timespec end = after_ms(timeout_ms);
    int result = 0;
    while (task->state != DONE && result != ETIMEDOUT) {
      result = timeout_ms > 0 ? pthread_cond_timedwait(&task->done, &standin_lock, &end)
                              : pthread_cond_wait(&task->done, &standin_lock);
    }
    status = task->state == DONE ? ordered : HB_DNN_TIMEOUT;
  }
  pthread_mutex_unlock(&standin_lock);
  return status;
}

/* As the real one: it returns at once, and a running task goes on in the background. */
int32_t hbDNNReleaseTask(hbDNNTaskHandle_t handle) {
  int32_t status = standin_enter("hbDNNReleaseTask");
  pthread_mutex_lock(&standin_lock);
  Task *task = find_task(handle);
  if (task == NULL) {
    standin_note_misuse("hbDNNReleaseTask of a task that is not there");
    status = HB_DNN_INVALID_TASK_HANDLE;
  } else if (task->state == RUNNING) {
    task->released = true;
  } else {
    if (task->state == QUEUED) {
      standin_end_task_use(task);
    }
    standin_destroy_task(task);
  }
  pthread_mutex_unlock(&standin_lock);
  return status;
}
