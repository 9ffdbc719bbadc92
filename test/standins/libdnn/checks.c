/* What the stand-in writes down, and the failures that a test orders. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "standin.h"

#define MAX_FUNCTIONS 32
#define MAX_PICTURE (1 << 20)

typedef struct {
  const char *function;
  int64_t calls;
  int32_t after;
  int32_t times;
  int32_t status;
} Entry;

pthread_mutex_t standin_lock = PTHREAD_MUTEX_INITIALIZER;

static Entry entries[MAX_FUNCTIONS];
static char misuses[4096];
static int32_t held;
static pthread_cond_t unheld = PTHREAD_COND_INITIALIZER;
static uint8_t last_picture[MAX_PICTURE];
static size_t last_picture_size;
static hbDNNInferCtrlParam last_control;

static Entry *entry_of(const char *function) {
  for (int i = 0; i < MAX_FUNCTIONS; ++i) {
    if (entries[i].function == NULL) {
      entries[i].function = strdup(function);
    }
    if (strcmp(entries[i].function, function) == 0) {
      return &entries[i];
    }
  }
  abort();
}

int32_t standin_enter(const char *function) {
  pthread_mutex_lock(&standin_lock);
  Entry *entry = entry_of(function);
  int32_t status = 0;
  ++entry->calls;
  if (entry->times > 0) {
    if (entry->after > 0) {
      --entry->after;
    } else {
      --entry->times;
      status = entry->status;
    }
  }
  pthread_mutex_unlock(&standin_lock);
  return status;
}

void standin_note_misuse(const char *format, ...) {
  size_t used = strlen(misuses);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(misuses + used, sizeof misuses - used, format, arguments);
  va_end(arguments);
  used = strlen(misuses);
  snprintf(misuses + used, sizeof misuses - used, "\n");
}

const char *standin_misuse(void) { return misuses; }

void standin_reset(void) {
  pthread_mutex_lock(&standin_lock);
  for (int i = 0; i < MAX_FUNCTIONS; ++i) {
    entries[i].calls = 0;
    entries[i].times = 0;
  }
  misuses[0] = '\0';
  held = 0;
  pthread_cond_broadcast(&unheld);
  last_picture_size = 0;
  pthread_mutex_unlock(&standin_lock);
}

/* The calls `after` the next `after` ones, `times` of them, return `status`. */
void standin_fail(const char *function, int32_t after, int32_t times, int32_t status) {
  pthread_mutex_lock(&standin_lock);
  Entry *entry = entry_of(function);
  entry->after = after;
  entry->times = times;
  entry->status = status;
  pthread_mutex_unlock(&standin_lock);
}

int64_t standin_count(const char *what) {
  pthread_mutex_lock(&standin_lock);
  int64_t count;
  if (strcmp(what, "blocks") == 0) {
    count = standin_block_count();
  } else if (strcmp(what, "models") == 0) {
    count = standin_model_count();
  } else if (strcmp(what, "tasks") == 0) {
    count = standin_task_count();
  } else if (strcmp(what, "running") == 0) {
    count = standin_running_count();
  } else if (strcmp(what, "last core") == 0) {
    count = last_control.bpuCoreId;
  } else if (strcmp(what, "last priority") == 0) {
    count = last_control.priority;
  } else {
    count = entry_of(what)->calls;
  }
  pthread_mutex_unlock(&standin_lock);
  return count;
}

/* While held, the BPU finishes no task: a hung accelerator. */
void standin_hold(int32_t hold) {
  pthread_mutex_lock(&standin_lock);
  held = hold;
  pthread_cond_broadcast(&unheld);
  pthread_mutex_unlock(&standin_lock);
}

void standin_keep_control(const hbDNNInferCtrlParam *control) { last_control = *control; }

void standin_wait_while_held(void) {
  while (held) {
    pthread_cond_wait(&unheld, &standin_lock);
  }
}

void standin_keep_picture(const uint8_t *luma, const uint8_t *chroma, size_t luma_size) {
  if (luma_size * 3 / 2 <= MAX_PICTURE) {
    pthread_mutex_lock(&standin_lock);
    memcpy(last_picture, luma, luma_size);
    memcpy(last_picture + luma_size, chroma, luma_size / 2);
    last_picture_size = luma_size * 3 / 2;
    pthread_mutex_unlock(&standin_lock);
  }
}

/* Copy the picture that the BPU saw last; return 0, or -1 where it is not of that size. */
int32_t standin_last_picture(uint8_t *picture, uint32_t size) {
  pthread_mutex_lock(&standin_lock);
  bool fits = last_picture_size == size;
  if (fits) {
    memcpy(picture, last_picture, size);
  }
  pthread_mutex_unlock(&standin_lock);
  return fits ? 0 : -1;
}

/* A process that a test cannot call into: STANDIN_FAIL="function:after:times:status,…". */
__attribute__((constructor)) static void read_environment(void) {
  const char *orders = getenv("STANDIN_FAIL");
  char function[64];
  int32_t after, times, status, read;
  while (orders != NULL
      && sscanf(orders, "%63[^:]:%d:%d:%d%n", function, &after, &times, &status, &read) == 4) {
    standin_fail(function, after, times, status);
    orders = orders[read] == ',' ? orders + read + 1 : NULL;
  }
}
