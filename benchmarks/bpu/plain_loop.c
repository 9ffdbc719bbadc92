/*
 * The floor that the Python pool is measured against: threads that do in C what a worker does for
 * each frame (copy a picture in, infer, softmax and top 5), on the same library.
 *
 * Usage: plain_loop MODEL THREADS SECONDS. Prints inferences a second.
 */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libdnn.h"

#define MAX_THREADS 32
#define TOP 5

static hbDNNHandle_t model;
static atomic_bool stopping;

static void check(int32_t status, const char *what) {
  if (status != 0) {
    fprintf(stderr, "%s: %d\n", what, status);
    exit(1);
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void prepare(hbDNNTensor *tensor) {
  uint32_t size = (uint32_t)tensor->properties.alignedByteSize;
  check(hbSysAllocCachedMem(&tensor->sysMem[0], size), "allocate");
}

/* Return the sum of the five highest probabilities, so that nothing of it can be left out. */
static double softmax_top(const float *logits, int32_t count, double *probabilities) {
  double highest = logits[0], sum = 0, total = 0;
  for (int32_t i = 1; i < count; ++i) {
    highest = logits[i] > highest ? logits[i] : highest;
  }
  for (int32_t i = 0; i < count; ++i) {
    probabilities[i] = exp(logits[i] - highest);
    sum += probabilities[i];
  }
  for (int32_t rank = 0; rank < TOP; ++rank) {
    int32_t best = 0;
    for (int32_t i = 1; i < count; ++i) {
      best = probabilities[i] > probabilities[best] ? i : best;
    }
    total += probabilities[best] / sum;
    probabilities[best] = 0;
  }
  return total;
}

static void infer(hbDNNTensor *input, hbDNNTensor *output, hbDNNInferCtrlParam *control) {
  hbDNNTaskHandle_t task = NULL;
  check(hbSysFlushMem(&input->sysMem[0], HB_SYS_MEM_CACHE_CLEAN), "flush");
  check(hbDNNInfer(&task, &output, input, model, control), "infer");
  check(hbDNNWaitTaskDone(task, 2000), "wait");
  check(hbDNNReleaseTask(task), "release");
  check(hbSysFlushMem(&output->sysMem[0], HB_SYS_MEM_CACHE_INVALIDATE), "flush");
}

static void *work(void *argument) {
  hbDNNTensor input = {0}, output = {0};
  hbDNNInferCtrlParam control = {0};
  check(hbDNNGetInputTensorProperties(&input.properties, model, 0), "input");
  check(hbDNNGetOutputTensorProperties(&output.properties, model, 0), "output");
  prepare(&input);
  prepare(&output);
  int32_t classes = output.properties.alignedByteSize / (int32_t)sizeof(float);
  uint8_t *picture = calloc(1, input.sysMem[0].memSize);
  double *probabilities = malloc(sizeof(double) * (size_t)classes);
  double total = 0;
  int64_t count = 0;
  while (!atomic_load(&stopping)) {
    memcpy(input.sysMem[0].virAddr, picture, input.sysMem[0].memSize);
    infer(&input, &output, &control);
    total += softmax_top(output.sysMem[0].virAddr, classes, probabilities);
    ++count;
  }
  check(total > 0 ? 0 : 1, "softmax");
  check(hbSysFreeMem(&input.sysMem[0]), "free");
  check(hbSysFreeMem(&output.sysMem[0]), "free");
  free(picture);
  free(probabilities);
  *(int64_t *)argument = count;
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: plain_loop MODEL THREADS SECONDS\n");
    return 2;
  }
  int32_t threads = atoi(argv[2]);
  double seconds = atof(argv[3]);
  pthread_t workers[MAX_THREADS];
  int64_t counts[MAX_THREADS];
  hbPackedDNNHandle_t packed;
  const char **names;
  int32_t name_count;
  const char *files[] = {argv[1]};
  check(hbDNNInitializeFromFiles(&packed, files, 1), "load");
  check(hbDNNGetModelNameList(&names, &name_count, packed), "names");
  check(hbDNNGetModelHandle(&model, packed, names[0]), "handle");
  double start = now();
  for (int32_t i = 0; i < threads; ++i) {
    pthread_create(&workers[i], NULL, work, &counts[i]);
  }
  struct timespec duration = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};
  nanosleep(&duration, NULL);
  atomic_store(&stopping, true);
  int64_t total = 0;
  for (int32_t i = 0; i < threads; ++i) {
    pthread_join(workers[i], NULL);
    total += counts[i];
  }
  printf("%.1f\n", (double)total / (now() - start));
  check(hbDNNRelease(packed), "release");
  return 0;
}
