/* Workers take what a middleware's thread brings; for a sanitizer that looks for data races. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "rcl.h"

enum { WORKERS = 3, CAMERAS = 2, MESSAGES = 3000 };

static Doorbell doorbell;
static Inlet inlets[CAMERAS];
static Subscription *subscriptions[CAMERAS];
static atomic_size_t noticed, taken;
static atomic_bool is_over;

static void *allocate(size_t size, void *state)
{
  (void)state;
  return malloc(size);
}

static void *reallocate(void *memory, size_t size, void *state)
{
  (void)state;
  return realloc(memory, size);
}

static void *work(void *unused)
{
  (void)unused;
  RclSerializedMessage message = {NULL, 0, 0, {allocate, NULL, reallocate, NULL, NULL}};
  while (!atomic_load(&is_over)) {
    for (int camera = 0; camera < CAMERAS; ++camera) {
      int64_t at_ns;
      RclMessageInfo info;
      const size_t count = inlet_notice(&inlets[camera], &at_ns);
      atomic_fetch_add(&noticed, count);
      if (count && inlet_take(&inlets[camera], &message, &info) == RCL_OK) {
        atomic_fetch_add(&taken, 1);
      }
    }
    Sleeper sleeper;
    if (doorbell_enlist(&doorbell, &sleeper)) {
      if (atomic_load(&is_over)) {
        doorbell_delist(&doorbell, &sleeper);
      } else {
        doorbell_sleep(&sleeper);
      }
    }
  }
  free(message.buffer);
  return NULL;
}

static void *arrive(void *subscription)
{
  for (uint64_t number = 1; number <= MESSAGES; ++number) {
    standin_arrive(subscription, (const uint8_t *)"picture", 1 + number % 7, number);
  }
  return NULL;
}

int main(void)
{
  const Rcl rcl = {standin_take, standin_set_callback, standin_reset_error};
  pthread_t workers[WORKERS], cameras[CAMERAS];
  doorbell_init(&doorbell);
  for (int i = 0; i < CAMERAS; ++i) {
    subscriptions[i] = standin_subscribe(1);
    inlet_init(&inlets[i], &doorbell, &rcl);
    inlet_attach(&inlets[i], subscriptions[i], true);
  }
  for (int i = 0; i < WORKERS; ++i) {
    pthread_create(&workers[i], NULL, work, NULL);
  }
  for (int i = 0; i < CAMERAS; ++i) {
    pthread_create(&cameras[i], NULL, arrive, subscriptions[i]);
  }
  for (int i = 0; i < CAMERAS; ++i) {
    pthread_join(cameras[i], NULL);
  }
  while (atomic_load(&noticed) < CAMERAS * MESSAGES) {
    /* The last messages have rung; whoever was woken is on the way. */
  }
  atomic_store(&is_over, true);
  doorbell_wake_all(&doorbell);
  for (int i = 0; i < WORKERS; ++i) {
    pthread_join(workers[i], NULL);
  }
  printf("%zu noticed, some taken: %d\n", (size_t)noticed, taken > 0 && taken <= noticed);
  return 0;
}
