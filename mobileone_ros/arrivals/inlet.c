#define _POSIX_C_SOURCE 200809L

#include "inlet.h"

#include <time.h>

/* Of a deeper history, as users may ask for: nobody fills one faster for ever. */
enum { MAX_TAKEN = 1000 };

static int64_t now_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Runs on the middleware's thread, which has no interpreter. */
static void on_messages(const void *user_data, size_t count)
{
  Inlet *inlet = (Inlet *)user_data;
  pthread_mutex_lock(&inlet->doorbell->mutex);
  inlet->unnoticed += count;
  inlet->arrived += count;
  inlet->arrived_at_ns = now_ns();
  inlet->doorbell->unnoticed += count;
  pthread_mutex_unlock(&inlet->doorbell->mutex);
  doorbell_wake_one(inlet->doorbell);
}

int inlet_init(Inlet *inlet, Doorbell *doorbell, const Rcl *rcl)
{
  *inlet = (Inlet) {.doorbell = doorbell, .rcl = *rcl};
  return pthread_mutex_init(&inlet->taking, NULL);
}

void inlet_destroy(Inlet *inlet)
{
  inlet_silence(inlet);
  int64_t at_ns;
  inlet_notice(inlet, &at_ns);
  pthread_mutex_destroy(&inlet->taking);
}

int inlet_attach(Inlet *inlet, const void *subscription, bool newest_only)
{
  pthread_mutex_lock(&inlet->taking);
  inlet->subscription = subscription;
  inlet->newest_only = newest_only;
  pthread_mutex_unlock(&inlet->taking);
  const int result = inlet->rcl.set_callback(subscription, on_messages, inlet);
  if (result != RCL_OK) {
    inlet->rcl.reset_error();
    inlet_detach(inlet);
  }
  return result;
}

void inlet_silence(Inlet *inlet)
{
  if (inlet->subscription && inlet->rcl.set_callback(inlet->subscription, NULL, NULL) != RCL_OK) {
    inlet->rcl.reset_error();
  }
}

void inlet_detach(Inlet *inlet)
{
  pthread_mutex_lock(&inlet->taking);
  inlet->subscription = NULL;
  pthread_mutex_unlock(&inlet->taking);
}

size_t inlet_notice(Inlet *inlet, int64_t *arrived_at_ns)
{
  pthread_mutex_lock(&inlet->doorbell->mutex);
  const size_t count = inlet->unnoticed;
  inlet->unnoticed = 0;
  inlet->doorbell->unnoticed -= count;
  *arrived_at_ns = inlet->arrived_at_ns;
  pthread_mutex_unlock(&inlet->doorbell->mutex);
  return count;
}

int inlet_take(Inlet *inlet, RclSerializedMessage *message, RclMessageInfo *info)
{
  pthread_mutex_lock(&inlet->taking);
  int result = RCL_TAKE_FAILED;
  int left = !inlet->subscription ? 0 : inlet->newest_only ? 1 : MAX_TAKEN;
  while (left--) {
    RclMessageInfo of_next;
    const int next = inlet->rcl.take(inlet->subscription, message, &of_next, NULL);
    if (next == RCL_OK) {
      *info = of_next;
      result = RCL_OK;
    } else {
      inlet->rcl.reset_error();
      result = result == RCL_OK ? RCL_OK : next;
      left = 0;
    }
  }
  pthread_mutex_unlock(&inlet->taking);
  return result;
}
